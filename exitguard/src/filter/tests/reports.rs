//! Events are looked at like flows.

use super::*;
use crate::output::FlowReport;
use crate::state::{EndReason, RecordKind};
use exitguard_common::abi::{Counters, Decision, Reason, RuleId};

/// A packet that was denied: from a client, or from the other side.
pub(crate) fn denied(inbound: bool) -> FlowReport {
    let time = Timestamp::UNIX_EPOCH;
    let (client, remote) = (
        "100.64.0.9".parse().unwrap(),
        "203.0.113.7".parse().unwrap(),
    );
    let in_order = |client, remote| {
        if inbound {
            (remote, client)
        } else {
            (client, remote)
        }
    };
    let (source, destination) = in_order(client, remote);
    FlowReport {
        time,
        interface: "tailscale0".to_owned(),
        kind: RecordKind::Deny {
            packet_bytes: 60,
            tcp_flags: 2,
            parse_error: None,
            inbound,
            has_flow: true,
        },
        flow_id: 1,
        client,
        client_name: Some("web1".into()),
        source: Some(source),
        destination: Some(destination),
        source_port: Some(if inbound { 443 } else { 40_000 }),
        destination_port: Some(if inbound { 40_000 } else { 443 }),
        icmp: None,
        protocol: 6,
        to_server: Counters::default(),
        to_client: Counters::default(),
        denied_pkts: 1,
        start: time,
        last: time,
        decision: Decision::drop(Reason::Blocklist, RuleId(2)),
        rule: "client web1".to_owned(),
        list: Some("feodo".to_owned()),
        entry: Some("203.0.113.0/24".to_owned()),
        generation: 1,
    }
}

fn matches(text: &str, report: &FlowReport) -> bool {
    Filter::parse(text).unwrap().matches(report)
}

#[test]
fn the_other_side_is_the_same_whoever_opened_the_flow() {
    for report in [denied(false), denied(true)] {
        let text = "client:web1 100.64.0.9 dst:203.0.113.7 port:443 proto:tcp rule:web1 \
                    reason:blocklist list:feodo state:new deny";
        assert!(matches(text, &report));
        for text in ["client:203.0.113.7", "dst:100.64.0.9", "port:40000"] {
            assert!(!matches(text, &report), "{text}");
        }
    }
}

#[test]
fn a_flow_is_established_when_something_came_back_and_closed_at_its_end() {
    let answered = FlowReport {
        kind: RecordKind::Update,
        to_client: Counters { pkts: 1, bytes: 40 },
        ..denied(false)
    };
    assert!(matches("state:established", &answered));
    let ended = FlowReport {
        kind: RecordKind::End(EndReason::Timeout),
        ..answered
    };
    assert!(matches("state:closed", &ended));
}

#[test]
fn a_packet_that_could_not_be_read_is_nobodys() {
    let unreadable = FlowReport {
        source: None,
        destination: None,
        source_port: None,
        destination_port: None,
        client_name: None,
        client: "::".parse().unwrap(),
        protocol: 0,
        list: None,
        decision: Decision::drop(Reason::Malformed, RuleId(0)),
        ..denied(false)
    };
    assert!(matches("deny reason:malformed", &unreadable));
    for text in ["::/0", "client:::/0", "dst:::/0", "proto:0", "port:0-65535"] {
        assert!(!matches(text, &unreadable), "{text}");
    }
}
