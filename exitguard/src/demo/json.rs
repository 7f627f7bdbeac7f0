//! The result of a demo, as the last of its JSON lines. Unlike the lines before it has no `event_type`.
//!
//! ```json
//! {"demo":{"v":1,"passed":true,"end":"complete","rounds":1,"elapsed_s":0.9,"probes":[
//!   {"shows":"A port that is not allowed is refused, and the sender is told.",
//!    "client":"100.64.0.9","dest_ip":"203.0.113.7","dest_port":25,"proto":"TCP",
//!    "passed":true,"sent":1,"failed":0,
//!    "expected":{"answer":"refused","reached":false,
//!                "event":{"decision":"deny","reason":"port","rule":"egress"}},
//!    "observed":{"answer":"refused","reached":false,
//!                "event":{"decision":"deny","reason":"port","rule":"egress"}}}]}}
//! ```
//!
//! - `end`: `complete`, or `interrupted` by a signal.
//! - `sent`, `failed`: how often the probe was sent, and was not as expected.
//! - `answer`: `answered`, `refused`, `unreachable`, `reset`, `timed_out`, or `error` with its text in `error`.
//! - `reached`: whether a server heard of it; absent from `observed` where there is none.
//! - `event`: what was reported, with a `list` where one was the reason; absent if nothing was.
//! - `observed`: the first time that it was not as expected, or the last time; absent if it was not sent.
//! - `bulk`: of a transfer, how it travelled.

use super::expect::{Expected, Facts, Seen};
use super::outcome::{End, Outcome, Row};
use super::send::Bulk;
use crate::config::protocol_name;
use crate::lab::Exchange;
use exitguard_common::abi::Verdict;
use serde::Serialize;
use std::net::IpAddr;

/// Version of the object. Changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// Renders the result as one line, without its end.
///
/// # Errors
/// None that can happen: strings, numbers and booleans under fixed names.
pub fn result(outcome: &Outcome) -> serde_json::Result<String> {
    let demo = Demo {
        v: VERSION,
        passed: outcome.passed(),
        end: match outcome.end {
            End::Complete => "complete",
            End::Interrupted => "interrupted",
            End::NobodyReads => "nobody_reads",
        },
        rounds: outcome.rounds,
        elapsed_s: outcome.elapsed.as_secs_f64(),
        probes: outcome.rows.iter().map(probe).collect(),
    };
    serde_json::to_string(&Line { demo })
}

#[derive(Serialize)]
struct Line<'a> {
    demo: Demo<'a>,
}

#[derive(Serialize)]
struct Demo<'a> {
    v: u32,
    passed: bool,
    end: &'static str,
    rounds: u64,
    elapsed_s: f64,
    probes: Vec<Probe<'a>>,
}

#[derive(Serialize)]
struct Probe<'a> {
    shows: &'a str,
    client: IpAddr,
    dest_ip: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    dest_port: Option<u16>,
    proto: String,
    passed: bool,
    sent: u64,
    failed: u64,
    expected: What<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<What<'a>>,
}

#[derive(Serialize)]
struct What<'a> {
    answer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Event<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bulk: Option<Travelled>,
}

#[derive(Serialize)]
struct Event<'a> {
    decision: &'static str,
    reason: &'static str,
    rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<&'a str>,
}

#[derive(Serialize)]
struct Travelled {
    bytes_each_way: u64,
    elapsed_s: f64,
    super_packets: u64,
    longest_bytes: u64,
}

fn probe(row: &Row) -> Probe<'_> {
    let probe = &row.probe;
    let protocol = probe.traffic.protocol(probe.to);
    Probe {
        shows: probe.shows,
        client: probe.from,
        dest_ip: probe.to,
        dest_port: probe.traffic.port(),
        proto: protocol_name(protocol)
            .unwrap_or_default()
            .to_ascii_uppercase(),
        passed: row.passed(),
        sent: row.sent,
        failed: row.failed,
        expected: expected(&probe.expected),
        observed: row.seen.as_ref().map(observed),
    }
}

fn expected(expected: &Expected) -> What<'_> {
    What {
        answer: name(expected.answer),
        error: None,
        reached: Some(expected.facts.passes()),
        event: Some(event(&expected.facts)),
        bulk: None,
    }
}

fn observed(seen: &Seen) -> What<'_> {
    What {
        answer: seen.answer.as_ref().map_or("error", |&it| name(it)),
        error: seen.answer.as_ref().err().map(String::as_str),
        reached: seen.reached,
        event: seen.facts.as_ref().map(event),
        bulk: seen.bulk.as_ref().map(travelled),
    }
}

fn event(facts: &Facts) -> Event<'_> {
    Event {
        decision: match facts.verdict {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::WouldDeny => "would_deny",
        },
        reason: facts.reason.name(),
        rule: &facts.rule,
        list: facts.list.as_deref(),
    }
}

fn travelled(bulk: &Bulk) -> Travelled {
    Travelled {
        bytes_each_way: bulk.bytes_each_way,
        elapsed_s: bulk.elapsed.as_secs_f64(),
        super_packets: bulk.super_packets,
        longest_bytes: bulk.longest_bytes,
    }
}

const fn name(answer: Exchange) -> &'static str {
    match answer {
        Exchange::Answered => "answered",
        Exchange::Refused => "refused",
        Exchange::Unreachable(_) => "unreachable",
        Exchange::Reset => "reset",
        Exchange::TimedOut => "timed_out",
    }
}
