//! Aligned lines for people and for the journal.

use super::flow_report::FlowReport;
use super::report::{ListReport, LostReport, Report, StateReport, StatsReport};
use crate::config::protocol_name;
use crate::diagnostic::printable;
use crate::lists::ago;
use crate::state::RecordKind;
use exitguard_common::abi::{Counters, Reason, Verdict};
use jiff::Timestamp;
use std::fmt::Write;
use std::net::IpAddr;

/// Renders a report as one line, without its end.
pub fn render(report: &Report) -> String {
    match report {
        Report::Flow(report) => flow(report),
        Report::Stats(report) => stats(report),
        Report::State(report) => state(report),
        Report::List(report) => list(report),
        Report::Lost(report) => lost(report),
    }
}

/// A line without the time that it begins with.
pub(super) fn without_time(line: &str) -> &str {
    line.split_once(' ').map_or(line, |(_, rest)| rest)
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Words that begin a line: what happened, in a column of its own.
fn flow(report: &FlowReport) -> String {
    let what = match (report.kind, report.decision.verdict) {
        (RecordKind::Deny { .. }, Verdict::WouldDeny) => "would deny",
        (RecordKind::Deny { .. }, _) if report.decision.reject => "REJECT",
        (RecordKind::Deny { .. }, _) => "DENY",
        (RecordKind::Start, Verdict::WouldDeny) => "would deny",
        (RecordKind::Start, _) => "start",
        (RecordKind::Update, _) => "update",
        (RecordKind::End(_), _) => "end",
    };
    let mut line = format!("{} {what:<10} ", time(report.time));
    match (report.source, report.destination) {
        (Some(source), Some(destination)) => {
            push(&mut line, format_args!("{:<6} ", protocol(report.protocol)));
            let ends = format!(
                "{} -> {}",
                endpoint(source, report.source_port),
                endpoint(destination, report.destination_port)
            );
            push(&mut line, format_args!("{ends:<48}"));
        }
        _ => push(
            &mut line,
            format_args!("{:<6} {:<48}", "-", "unreadable packet"),
        ),
    }
    if let Some((kind, code)) = report.icmp {
        push(&mut line, format_args!(" type {kind} code {code}"));
    }
    push(&mut line, format_args!(" {}", why(report)));
    match report.kind {
        RecordKind::Deny { packet_bytes, .. } => push(&mut line, format_args!(" {packet_bytes} B")),
        RecordKind::Start => {}
        RecordKind::Update => push(&mut line, format_args!(" {}", traffic(report))),
        RecordKind::End(reason) => {
            push(
                &mut line,
                format_args!(" {} {}", traffic(report), reason.name()),
            );
        }
    }
    line
}

fn why(report: &FlowReport) -> String {
    let mut why = report.decision.reason.name().to_owned();
    if let RecordKind::Deny {
        parse_error: Some(error),
        ..
    } = report.kind
    {
        push(&mut why, format_args!(" {}", error.name()));
    }
    if let (Some(list), Some(entry)) = (&report.list, &report.entry) {
        push(&mut why, format_args!(" {list} {entry}"));
    }
    // A packet without readable addresses is no client's.
    if report.source.is_some() {
        push(&mut why, format_args!(" [{}]", report.rule));
    }
    let goes_on = matches!(report.kind, RecordKind::Update | RecordKind::End(_));
    if goes_on && report.decision.verdict == Verdict::WouldDeny {
        why.push_str(" (would deny)");
    }
    why
}

fn traffic(report: &FlowReport) -> String {
    let age = report
        .last
        .duration_since(report.start)
        .as_secs_f64()
        .max(0.0);
    format!(
        "sent {} received {} in {age:.1} s",
        amount(report.to_server),
        amount(report.to_client)
    )
}

fn amount(counters: Counters) -> String {
    format!("{} pkts {}", counters.pkts, bytes(counters.bytes))
}

/// Bytes in decimal units, as network rates are given.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = "kB";
    for next in UNITS.into_iter().skip(1) {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

fn stats(report: &StatsReport) -> String {
    let kernel = &report.kernel;
    let denied: Vec<String> = Reason::ALL
        .into_iter()
        .zip(kernel.denied_pkts.iter().zip(&kernel.would_deny_pkts))
        .filter(|(_, (denied, would))| **denied + **would > 0)
        .map(|(reason, (denied, would))| match would {
            0 => format!("{} {denied}", reason.name()),
            _ => format!("{} {denied} (would {would})", reason.name()),
        })
        .collect();
    let denied = if denied.is_empty() {
        "none".to_owned()
    } else {
        denied.join(", ")
    };
    let hits = report.list_hits.iter().filter(|(_, hits)| *hits > 0);
    let hits: Vec<String> = hits.map(|(list, hits)| format!("{list} {hits}")).collect();
    let hits = if hits.is_empty() {
        String::new()
    } else {
        format!("; flows on lists: {}", hits.join(", "))
    };
    format!(
        "{} stats      flows {}; out {}; in {}; denied packets: {denied}{hits}; lost events {}",
        time(report.time),
        report.flows,
        amount(kernel.outbound.passed),
        amount(kernel.inbound.passed),
        kernel.events_lost + report.reports_lost,
    )
}

fn state(report: &StateReport) -> String {
    let StateReport {
        time: at,
        interface,
        event,
        generation,
        mode,
        message,
    } = report;
    let event = event.name().replace('_', " ");
    format!(
        "{} {event:<10} {interface} ({mode}, policy {generation}): {message}",
        time(*at)
    )
}

fn list(report: &ListReport) -> String {
    let state = report.standing.name().replace('_', " ");
    let mut line = format!("{} list       ", time(report.time));
    let name = printable(&report.list);
    push(
        &mut line,
        format_args!("{} {name}: {state}", report.interface),
    );
    if let Some(why) = &report.why {
        push(&mut line, format_args!(" ({})", printable(why)));
    }
    push(
        &mut line,
        format_args!("; {} entries in force", report.entries),
    );
    if let Some(age) = report.age {
        push(&mut line, format_args!(", accepted {} ago", ago(age)));
    }
    line
}

fn lost(report: &LostReport) -> String {
    let mut line = format!(
        "{} lost       {} events in the kernel, {} reports to a slow reader",
        time(report.time),
        report.kernel,
        report.output
    );
    if report.file > 0 {
        push(&mut line, format_args!(", {} to the file", report.file));
    }
    line
}

/// Address and port, as they are written together.
pub fn endpoint(addr: IpAddr, port: Option<u16>) -> String {
    match (addr, port) {
        (addr, None) => addr.to_string(),
        (IpAddr::V4(addr), Some(port)) => format!("{addr}:{port}"),
        (IpAddr::V6(addr), Some(port)) => format!("[{addr}]:{port}"),
    }
}

/// Name of an IP protocol, or its number.
pub fn protocol(number: u8) -> String {
    protocol_name(number).map_or_else(|| number.to_string(), str::to_owned)
}

/// Writing to a string cannot fail.
fn push(line: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = line.write_fmt(text);
}
