//! What is sent, and what is to become of it.

use super::expect::{Expected, Facts};
use super::sample::Sample;
use super::send::Traffic;
use crate::lab::{
    CLIENT_V4, CLIENT_V6, CLIENT2_V4, EXIT_V4, Exchange, LAN_HOST_V4, LAN_HOST_V6, LISTED_V4,
    LISTED_V6, SERVER_V4, SERVER_V6,
};
use exitguard_common::abi::{Reason, Verdict};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};

/// Inside a prefix of the list "bad", and an exception to it.
const EXCEPTION: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 70));
/// On the list "new", which observes.
const OBSERVED: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 66));

const BULK_BYTES: u64 = 8 << 20;

/// A policy, and probes of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The policy.
    pub sample: Sample,
    /// More addresses for the servers on the Internet.
    pub servers: Vec<IpAddr>,
    /// What is sent, in this order.
    pub probes: Vec<Probe>,
}

/// Something that a client sends, and what is to become of it.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What it is to show. Probes in a row that show the same are shown together.
    pub shows: &'static str,
    /// The client.
    pub from: IpAddr,
    /// The destination.
    pub to: IpAddr,
    /// What is sent.
    pub traffic: Traffic,
    /// What is to become of it.
    pub expected: Expected,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            sample: Sample::default(),
            servers: vec![EXCEPTION, OBSERVED],
            probes: [
                allowed(),
                denied(),
                listed(),
                guarded(),
                special(),
                in_quantity(),
            ]
            .concat(),
        }
    }
}

fn allowed() -> Vec<Probe> {
    let shows = "What the policy allows passes.";
    let by_port = || passes(Reason::Port, "egress");
    vec![
        probe(shows, SERVER_V4, Traffic::Tcp(443), by_port()),
        probe(shows, SERVER_V6, Traffic::Tcp(443), by_port()),
        probe(shows, SERVER_V4, Traffic::Udp(53), by_port()),
        probe(shows, SERVER_V6, Traffic::Udp(443), by_port()),
        probe(
            shows,
            SERVER_V4,
            Traffic::Ping,
            passes(Reason::Icmp, "egress"),
        ),
        probe(
            shows,
            SERVER_V6,
            Traffic::Ping,
            passes(Reason::Icmp, "egress"),
        ),
    ]
}

fn denied() -> Vec<Probe> {
    let shows = "A port that is not allowed is refused, and the sender is told.";
    vec![
        probe(shows, SERVER_V4, Traffic::Tcp(25), refused(Reason::Port)),
        probe(
            shows,
            SERVER_V4,
            Traffic::Udp(6881),
            unreachable(Reason::Port, ErrorKind::HostUnreachable),
        ),
    ]
}

fn listed() -> Vec<Probe> {
    let shows = "A destination on a blocklist is out of reach, on allowed ports too.";
    let v6 = unreachable(Reason::Blocklist, ErrorKind::PermissionDenied);
    let observed = Expected {
        answer: Exchange::Answered,
        facts: facts(Verdict::WouldDeny, Reason::Blocklist, "egress"),
    };
    vec![
        probe(
            shows,
            LISTED_V4,
            Traffic::Tcp(443),
            refused(Reason::Blocklist).on("bad"),
        ),
        probe(shows, LISTED_V6, Traffic::Udp(443), v6.on("bad")),
        probe(
            "An exception passes, though a list holds its prefix.",
            EXCEPTION,
            Traffic::Tcp(443),
            passes(Reason::Port, "egress"),
        ),
        probe(
            "A list that only observes lets pass, and tells.",
            OBSERVED,
            Traffic::Tcp(443),
            observed.on("new"),
        ),
    ]
}

fn guarded() -> Vec<Probe> {
    let shows = "The LAN of the exit node is out of reach, on allowed ports too.";
    vec![
        probe(shows, LAN_HOST_V4, Traffic::Tcp(443), refused(Reason::Lan)),
        probe(shows, LAN_HOST_V6, Traffic::Tcp(443), refused(Reason::Lan)),
        probe(
            "Nobody is locked out of the exit node itself.",
            EXIT_V4,
            Traffic::Tcp(22),
            passes(Reason::Host, "host"),
        ),
    ]
}

fn special() -> Vec<Probe> {
    let shows = "A client with a rule of its own is held to it; \"drop\" is silent.";
    let vanishes = Expected {
        answer: Exchange::TimedOut,
        facts: facts(Verdict::Deny, Reason::Port, "client camera"),
    };
    [
        (Traffic::Udp(53), passes(Reason::Port, "client camera")),
        (Traffic::Tcp(443), vanishes),
    ]
    .map(|(traffic, expected)| Probe {
        from: CLIENT2_V4,
        ..probe(shows, SERVER_V4, traffic, expected)
    })
    .into()
}

fn in_quantity() -> Vec<Probe> {
    let traffic = Traffic::Bulk {
        port: 80,
        bytes: BULK_BYTES,
    };
    let shows = "Much at once arrives whole, in super-packets.";
    let expected = passes(Reason::Port, "egress");
    vec![probe(shows, SERVER_V4, traffic, expected)]
}

fn probe(shows: &'static str, to: IpAddr, traffic: Traffic, expected: Expected) -> Probe {
    Probe {
        shows,
        from: if to.is_ipv4() { CLIENT_V4 } else { CLIENT_V6 },
        to,
        traffic,
        expected,
    }
}

fn facts(verdict: Verdict, reason: Reason, rule: &str) -> Facts {
    Facts {
        verdict,
        reason,
        rule: rule.to_owned(),
        list: None,
    }
}

fn passes(reason: Reason, rule: &str) -> Expected {
    Expected {
        answer: Exchange::Answered,
        facts: facts(Verdict::Allow, reason, rule),
    }
}

/// By a TCP reset.
fn refused(reason: Reason) -> Expected {
    Expected {
        answer: Exchange::Refused,
        facts: facts(Verdict::Deny, reason, "egress"),
    }
}

/// By ICMP "administratively prohibited", of which Linux makes one error for IPv4 and another for IPv6.
fn unreachable(reason: Reason, kind: ErrorKind) -> Expected {
    Expected {
        answer: Exchange::Unreachable(kind),
        facts: facts(Verdict::Deny, reason, "egress"),
    }
}

impl Expected {
    fn on(mut self, list: &str) -> Self {
        self.facts.list = Some(list.to_owned());
        self
    }
}
