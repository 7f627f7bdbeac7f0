mod disk;
mod proposals;
mod tallies;

use super::*;
use crate::control::{Amount, Decided, Observed, ObservedClient, ObservedDestination, ObservedRow};
use crate::output::FlowReport;
use crate::state::{EndReason, RecordKind};
use exitguard_common::abi::{Counters, Decision, Reason, RuleId, Verdict};
use jiff::{SignedDuration, Timestamp};

/// So many seconds after the day began.
fn at(seconds: i64) -> Timestamp {
    let day: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
    day + SignedDuration::from_secs(seconds)
}

const fn traffic(pkts: u64) -> Counters {
    Counters {
        pkts,
        bytes: pkts * 100,
    }
}

/// A flow that a client opened and that is over: answered, and allowed by its port.
fn report(client: &str, port: u16) -> FlowReport {
    FlowReport {
        time: at(20),
        interface: "tailscale0".to_owned(),
        kind: RecordKind::End(EndReason::TcpClose),
        flow_id: 1,
        client: client.parse().unwrap(),
        client_name: None,
        source: Some(client.parse().unwrap()),
        destination: Some("203.0.113.7".parse().unwrap()),
        source_port: Some(40_000),
        destination_port: Some(port),
        icmp: None,
        protocol: 6,
        to_server: traffic(3),
        to_client: traffic(2),
        denied_pkts: 0,
        start: at(10),
        last: at(19),
        decision: Decision::allow(Reason::Port, RuleId::EGRESS),
        rule: "egress".to_owned(),
        list: None,
        entry: None,
        generation: 1,
    }
}

/// The first packet of a flow was denied.
fn denied(client: &str, port: u16, reason: Reason) -> FlowReport {
    FlowReport {
        kind: RecordKind::Deny {
            packet_bytes: 60,
            tcp_flags: 2,
            inbound: false,
            parse_error: None,
            has_flow: true,
        },
        to_server: traffic(0),
        to_client: traffic(0),
        denied_pkts: 1,
        decision: Decision::drop(reason, RuleId::EGRESS),
        ..report(client, port)
    }
}

/// Ten answered flows that the port allowlist decided about.
fn row(client: &str, protocol: u8, port: Option<u16>) -> ObservedRow {
    ObservedRow {
        client: client.parse().unwrap(),
        protocol,
        port,
        decision: Decided::WouldDeny,
        reason: match protocol {
            6 | 17 | 132 => "port",
            1 | 58 => "icmp",
            _ => "protocol",
        }
        .to_owned(),
        client_name: None,
        flows: 10,
        answered: 10,
        sent: Amount {
            pkts: 30,
            bytes: 3_000,
        },
        received: Amount {
            pkts: 20,
            bytes: 2_000,
        },
        first: at(10),
        last: at(19),
        destinations: Vec::new(),
        others: 0,
    }
}

fn observed(rows: Vec<ObservedRow>) -> Observed {
    Observed {
        since: at(0),
        time: at(86_400),
        rows,
        dropped_flows: 0,
        clients: Vec::new(),
    }
}
