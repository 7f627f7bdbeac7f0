//! What can be asked about a flow.

use super::subject::Subject;
use crate::config::protocol_name;
use crate::control::{Decided, FlowState};
use exitguard_common::abi::Reason;
use ipnet::IpNet;
use std::fmt;
use std::ops::RangeInclusive;

/// A condition, perhaps turned around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) is_negated: bool,
    pub(super) test: Test,
}

/// Any of its values will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Client(Vec<Client>),
    Dst(Vec<IpNet>),
    Port(Vec<RangeInclusive<u16>>),
    Proto(Vec<u8>),
    Reason(Vec<Reason>),
    List(Vec<String>),
    Rule(Vec<String>),
    State(Vec<FlowState>),
    Word(Vec<Word>),
}

/// A client, or some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Client {
    Net(IpNet),
    Name(String),
}

/// What needs no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Verdict(Decided),
    /// Of either side.
    Net(IpNet),
}

impl Term {
    pub(super) fn holds(&self, subject: &Subject<'_>) -> bool {
        self.test.holds(subject) != self.is_negated
    }
}

impl Test {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        let is_client = |net: &IpNet| subject.client.is_some_and(|addr| net.contains(&addr));
        let is_remote = |net: &IpNet| subject.remote.is_some_and(|addr| net.contains(&addr));
        match self {
            Self::Client(clients) => clients.iter().any(|client| match client {
                Client::Net(net) => is_client(net),
                Client::Name(name) => subject.client_name == Some(name),
            }),
            Self::Dst(nets) => nets.iter().any(is_remote),
            Self::Port(ranges) => subject
                .remote_port
                .is_some_and(|port| ranges.iter().any(|range| range.contains(&port))),
            Self::Proto(protocols) => subject
                .protocol
                .is_some_and(|protocol| protocols.contains(&protocol)),
            Self::Reason(reasons) => reasons.iter().any(|reason| reason.name() == subject.reason),
            Self::List(lists) => lists.iter().any(|list| subject.list == Some(list)),
            Self::Rule(rules) => rules.iter().any(|rule| is_called(subject.rule, rule)),
            Self::State(states) => states.contains(&subject.state),
            Self::Word(words) => words.iter().any(|word| match word {
                Word::Verdict(verdict) => *verdict == subject.decision,
                Word::Net(net) => is_client(net) || is_remote(net),
            }),
        }
    }
}

/// The rule of a client by the name of the client, too.
fn is_called(rule: &str, name: &str) -> bool {
    rule == name || rule.strip_prefix("client ") == Some(name)
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negated {
            f.write_str("!")?;
        }
        match &self.test {
            Test::Client(clients) => list(f, "client:", clients, |f, client| match client {
                Client::Net(net) => write_net(f, net),
                Client::Name(name) => write_name(f, name),
            }),
            Test::Dst(nets) => list(f, "dst:", nets, write_net),
            Test::Port(ranges) => list(f, "port:", ranges, |f, range| {
                write!(f, "{}", range.start())?;
                match range.end() {
                    end if end == range.start() => Ok(()),
                    end => write!(f, "-{end}"),
                }
            }),
            Test::Proto(protocols) => {
                list(f, "proto:", protocols, |f, protocol| {
                    match protocol_name(*protocol) {
                        Some(name) => f.write_str(name),
                        None => write!(f, "{protocol}"),
                    }
                })
            }
            Test::Reason(reasons) => list(f, "reason:", reasons, |f, reason| {
                f.write_str(reason.name())
            }),
            Test::List(lists) => list(f, "list:", lists, |f, name| write_name(f, name)),
            Test::Rule(rules) => list(f, "rule:", rules, |f, name| write_name(f, name)),
            Test::State(states) => list(f, "state:", states, |f, state| f.write_str(state.name())),
            Test::Word(words) => list(f, "", words, |f, word| match word {
                Word::Verdict(verdict) => f.write_str(verdict.name()),
                Word::Net(net) => write_net(f, net),
            }),
        }
    }
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    values: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_str(key)?;
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            f.write_str(",")?;
        }
        write(f, value)?;
    }
    Ok(())
}

fn write_net(f: &mut fmt::Formatter<'_>, net: &IpNet) -> fmt::Result {
    if net.prefix_len() == net.max_prefix_len() {
        write!(f, "{}", net.addr())
    } else {
        write!(f, "{net}")
    }
}

fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(is_plain) {
        return f.write_str(name);
    }
    f.write_str("\"")?;
    for c in name.chars() {
        if matches!(c, '"' | '\\') {
            f.write_str("\\")?;
        }
        write!(f, "{c}")?;
    }
    f.write_str("\"")
}
