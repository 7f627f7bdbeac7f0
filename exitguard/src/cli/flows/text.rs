//! Flows as a table.

use super::Shown;
use exitguard::control::{Decided, Flow};
use exitguard::diagnostic::printable;
use exitguard::lists::ago;
use exitguard::output::{bytes, endpoint, protocol};
use jiff::Timestamp;

const COLUMNS: usize = 9;
const HEADER: [&str; COLUMNS] = [
    "client",
    "",
    "other side",
    "proto",
    "state",
    "age",
    "sent",
    "received",
    "verdict",
];
/// Sizes are compared from the right.
const RIGHT: [usize; 3] = [5, 6, 7];

/// A line a flow, and how many there are.
pub(super) fn render(shown: &Shown) -> String {
    let rows = shown.flows.iter().map(|flow| row(flow, shown.time));
    let rows: Vec<[String; COLUMNS]> = rows.collect();
    let mut text = String::new();
    if !rows.is_empty() {
        let header = HEADER.map(str::to_owned);
        let all = || std::iter::once(&header).chain(&rows);
        let mut widths = [0; COLUMNS];
        for row in all() {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in all() {
            text.push_str(&line(row, widths));
        }
    }
    text.push_str(&count(shown));
    text
}

fn line(row: &[String; COLUMNS], widths: [usize; COLUMNS]) -> String {
    let cells = row.iter().zip(widths).enumerate();
    let cells = cells.map(|(column, (cell, width))| {
        if RIGHT.contains(&column) {
            format!("{cell:>width$}")
        } else {
            format!("{cell:<width$}")
        }
    });
    let line: Vec<String> = cells.collect();
    line.join("  ").trim_end().to_owned() + "\n"
}

fn count(shown: &Shown) -> String {
    let Shown {
        known,
        matching,
        flows,
        ..
    } = shown;
    let plural = |count: usize| if count == 1 { "flow" } else { "flows" };
    let shown = flows.len();
    if shown < *matching {
        format!("{shown} of {matching} {}\n", plural(*matching))
    } else if matching < known {
        format!("{matching} of {known} {}\n", plural(*known))
    } else {
        format!("{known} {}\n", plural(*known))
    }
}

fn row(flow: &Flow, now: Timestamp) -> [String; COLUMNS] {
    let client = endpoint(flow.client, flow.client_port);
    [
        match &flow.client_name {
            Some(name) => format!("{} {client}", printable(name)),
            None => client,
        },
        if flow.inbound { "<-" } else { "->" }.to_owned(),
        endpoint(flow.remote, flow.remote_port),
        protocol(flow.protocol),
        flow.state.name().to_owned(),
        ago(now.duration_since(flow.start).as_secs().max(0)),
        bytes(flow.sent.bytes),
        bytes(flow.received.bytes),
        verdict(flow),
    ]
}

/// In the words of events.
fn verdict(flow: &Flow) -> String {
    let verdict = match flow.decision {
        Decided::Allow => "allow",
        Decided::Deny => "DENY",
        Decided::WouldDeny => "would deny",
    };
    let mut words = vec![verdict.to_owned(), flow.reason.clone()];
    words.extend(flow.list.clone());
    words.extend(flow.entry.clone());
    words.push(format!("[{}]", flow.rule));
    if flow.denied_pkts > 0 {
        words.push(format!("{} pkts denied", flow.denied_pkts));
    }
    printable(&words.join(" "))
}
