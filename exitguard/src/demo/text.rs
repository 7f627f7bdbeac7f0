//! A demo for people: what is built, and what came of it. Neither is wider than 80 columns.

use super::expect::Facts;
use super::outcome::{End, Outcome, Row};
use super::scenario::{Probe, Scenario};
use super::send::{Bulk, Traffic};
use crate::config::protocol_name;
use crate::lab::Exchange;
use crate::output::text::bytes;
use exitguard_common::abi::Verdict;
use std::fmt::{self, Write};
use std::net::SocketAddr;

const PICTURE: &str = "\
An exit node with its clients, its LAN and an Internet, in network namespaces of
this process. Your own network is not touched.

  client 100.64.0.9   --+                           +--  Internet 203.0.113.7
                        +--  tailscale0 exit node --+
  camera 100.64.0.10  --+    with exitguard         +--  LAN 192.168.77.10
";

/// What is built, and the policy in force.
pub fn header(scenario: &Scenario) -> String {
    let sample = &scenario.sample;
    let mut text = format!("{PICTURE}\nIts policy, {}:\n\n", sample.config.name);
    for line in sample.config.text.lines() {
        let indented = format!("  {line}");
        push(&mut text, format_args!("{}\n", indented.trim_end()));
    }
    text.push('\n');
    for list in &sample.lists {
        let entries: Vec<&str> = list.text.lines().collect();
        let entries = entries.join(", ");
        push(&mut text, format_args!("  {}: {entries}\n", list.name));
    }
    text.push_str("\nWhat exitguard reports meanwhile, as `exitguard run` does:\n\n");
    text
}

/// What came of it.
pub fn table(outcome: &Outcome) -> String {
    let mut text =
        String::from("\nWhat should happen, and what was sent, came back and was reported:\n");
    let mut shown = "";
    for row in &outcome.rows {
        if row.probe.shows != shown {
            shown = row.probe.shows;
            push(&mut text, format_args!("\n{shown}\n"));
        }
        push_row(&mut text, row);
    }
    push(&mut text, format_args!("\n{}\n", conclusion(outcome)));
    text
}

fn push_row(text: &mut String, row: &Row) {
    let mark = match (row.passed(), row.sent) {
        (true, _) => "ok",
        (false, 0) => "-",
        (false, _) => "FAIL",
    };
    let sent = Sent(&row.probe).to_string();
    let expected = &row.probe.expected;
    let (answer, reported) = match &row.seen {
        None => ("not sent", String::new()),
        Some(seen) => (
            seen.answer.as_ref().map_or("failed", |&it| name(it)),
            seen.facts
                .as_ref()
                .map_or("nothing".to_owned(), ToString::to_string),
        ),
    };
    let line = format!("  {mark:<4} {sent:<25} {answer:<12} {reported}");
    push(text, format_args!("{}\n", line.trim_end()));
    let mut note = |note: fmt::Arguments<'_>| push(text, format_args!("       {note}\n"));
    let Some(seen) = &row.seen else { return };
    if let Some(bulk) = &seen.bulk {
        note(format_args!("{}", Travelled(bulk)));
    }
    if row.passed() {
        return;
    }
    let wanted = name(expected.answer);
    note(format_args!(
        "{:<25} {wanted:<12} {}",
        "expected:", expected.facts
    ));
    if let Err(error) = &seen.answer {
        note(format_args!("{error}"));
    }
    match (seen.reached, expected.facts.passes()) {
        (Some(true), false) => note(format_args!("the server heard of it")),
        (Some(false), true) => note(format_args!("the server heard nothing of it")),
        _ => {}
    }
    if row.sent > 1 {
        note(format_args!("in {} of {} rounds", row.failed, row.sent));
    }
}

fn conclusion(outcome: &Outcome) -> String {
    let (all, passed) = (outcome.rows.len(), outcome.passed_rows());
    let rounds = match outcome.rounds {
        0 | 1 => String::new(),
        rounds => format!(", in each of {rounds} rounds"),
    };
    match outcome.end {
        End::Interrupted => format!(
            "Interrupted in round {}: {passed} of {all} as expected so far.",
            outcome.rounds + 1
        ),
        _ if passed == all => format!("{passed} of {all} as expected{rounds}."),
        _ => format!("{passed} of {all} as expected; {} not.", all - passed),
    }
}

/// What came back, in a word or two.
pub(super) const fn name(answer: Exchange) -> &'static str {
    match answer {
        Exchange::Answered => "answered",
        Exchange::Refused => "refused",
        Exchange::Unreachable(_) => "unreachable",
        Exchange::Reset => "reset",
        Exchange::TimedOut => "silence",
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::WouldDeny => "would deny",
        };
        write!(f, "{verdict} {}", self.reason.name())?;
        if let Some(list) = &self.list {
            write!(f, " {list}")?;
        }
        write!(f, " [{}]", self.rule)
    }
}

/// Protocol and destination of a probe.
struct Sent<'a>(&'a Probe);

impl fmt::Display for Sent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Probe { to, traffic, .. } = self.0;
        let protocol = match traffic {
            Traffic::Ping => "ping",
            _ => protocol_name(traffic.protocol(*to)).unwrap_or_default(),
        };
        match traffic.port() {
            Some(port) => write!(f, "{protocol} {}", SocketAddr::new(*to, port)),
            None => write!(f, "{protocol} {to}"),
        }
    }
}

struct Travelled<'a>(&'a Bulk);

impl fmt::Display for Travelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bulk = self.0;
        write!(
            f,
            "{} each way in {:.2} s: {} super-packets, the longest of {}",
            bytes(bulk.bytes_each_way),
            bulk.elapsed.as_secs_f64(),
            bulk.super_packets,
            bytes(bulk.longest_bytes),
        )
    }
}

/// Writing to a string cannot fail.
fn push(text: &mut String, more: fmt::Arguments<'_>) {
    let _ = text.write_fmt(more);
}
