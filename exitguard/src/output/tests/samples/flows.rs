//! What can happen to a flow.

use super::{NOON_NS, SECOND, WEB1};
use crate::state::{EndReason, RecordKind};
use exitguard_common::abi::{
    Addr, Cached, Counters, Decision, FlowKey, FlowState, Origin, Reason, RuleId, Verdict,
};
use exitguard_common::packet::{ParseError, protocol};
use std::net::IpAddr;

/// The parts of a record that differ.
pub(super) struct Sample {
    pub(super) key: FlowKey,
    pub(super) kind: RecordKind,
    pub(super) decision: Decision,
    pub(super) state: FlowState,
}

pub(super) const fn counters(pkts: u64, bytes: u64) -> Counters {
    Counters { pkts, bytes }
}

fn key(remote: &str, ports: (u16, u16), protocol: u8) -> FlowKey {
    let remote: IpAddr = remote.parse().unwrap();
    let client = match remote {
        IpAddr::V4(_) => "100.64.0.9",
        IpAddr::V6(_) => "fd7a:115c:a1e0::9",
    };
    let client: IpAddr = client.parse().unwrap();
    FlowKey {
        client: Addr::from(client),
        remote: Addr::from(remote),
        client_port: ports.0,
        remote_port: ports.1,
        protocol: protocol.into(),
    }
}

const fn new_flow() -> FlowState {
    FlowState {
        cached: Cached::from_bits(0, 0),
        first_seen_ns: NOON_NS,
        last_seen_ns: NOON_NS,
        outbound: counters(1, 60),
        inbound: counters(0, 0),
        denied_pkts: 0,
        tcp_flags_outbound: 2,
        tcp_flags_inbound: 0,
        origin: Origin::Client as u8,
        closed: 0,
        tick: 0,
    }
}

const fn old_flow() -> FlowState {
    FlowState {
        first_seen_ns: NOON_NS - 90 * SECOND,
        outbound: counters(1_200, 98_304),
        inbound: counters(3_400, 5_242_880),
        ..new_flow()
    }
}

const fn denied_flow() -> FlowState {
    FlowState {
        outbound: counters(0, 0),
        denied_pkts: 1,
        ..new_flow()
    }
}

const fn denial(tcp_flags: u8) -> RecordKind {
    RecordKind::Deny {
        packet_bytes: 60,
        tcp_flags,
        inbound: false,
        parse_error: None,
        has_flow: true,
    }
}

pub(super) fn samples() -> Vec<(&'static str, Sample)> {
    let web = key("198.51.100.7", (40_000, 443), protocol::TCP);
    let listed = key("203.0.113.66", (40_001, 443), protocol::TCP);
    let allow = Decision::allow(Reason::Port, WEB1);
    let deny = |reason| Decision::drop(reason, WEB1);
    let reject = Decision {
        reject: true,
        ..deny(Reason::Port)
    };
    let would_deny = Decision {
        verdict: Verdict::WouldDeny,
        ..deny(Reason::Blocklist)
    };
    let from_remote = FlowState {
        origin: Origin::Remote as u8,
        ..old_flow()
    };
    let unreadable = RecordKind::Deny {
        packet_bytes: 20,
        tcp_flags: 0,
        inbound: false,
        parse_error: Some(ParseError::TotalLength),
        has_flow: false,
    };
    let sample = |key, kind, decision, state| Sample {
        key,
        kind,
        decision,
        state,
    };
    let https6 = key("2001:db8::7", (40_002, 443), protocol::UDP);
    let ping = key("198.51.100.7", (0x1234, 0x0800), protocol::ICMP);
    let ping6 = key("2001:db8::7", (0x1234, 0x8000), protocol::ICMPV6);
    let gre = key("198.51.100.7", (0, 0), 47);
    let unnamed = key("198.51.100.7", (0, 0), 253);
    let host = key("100.64.0.1", (40_003, 22), protocol::TCP);
    vec![
        (
            "a flow starts",
            sample(web, RecordKind::Start, allow, new_flow()),
        ),
        (
            "a flow goes on",
            sample(web, RecordKind::Update, allow, old_flow()),
        ),
        (
            "TCP closes",
            sample(web, RecordKind::End(EndReason::TcpClose), allow, old_flow()),
        ),
        (
            "a flow is idle, IPv6",
            sample(
                https6,
                RecordKind::End(EndReason::Timeout),
                allow,
                old_flow(),
            ),
        ),
        (
            "a port is denied",
            sample(
                key("198.51.100.7", (40_001, 25), protocol::TCP),
                denial(2),
                deny(Reason::Port),
                denied_flow(),
            ),
        ),
        (
            "a port is refused",
            sample(
                key("198.51.100.7", (40_001, 25), protocol::TCP),
                denial(2),
                reject,
                denied_flow(),
            ),
        ),
        (
            "a destination is listed",
            sample(listed, denial(2), deny(Reason::Blocklist), denied_flow()),
        ),
        (
            "a destination is listed, observed",
            sample(listed, RecordKind::Start, would_deny, new_flow()),
        ),
        (
            "it ends, observed",
            sample(
                listed,
                RecordKind::End(EndReason::TcpClose),
                would_deny,
                old_flow(),
            ),
        ),
        (
            "the LAN is denied, UDP",
            sample(
                key("192.168.77.10", (40_001, 53), protocol::UDP),
                denial(0),
                deny(Reason::Lan),
                denied_flow(),
            ),
        ),
        (
            "a ping",
            sample(
                ping,
                RecordKind::Start,
                Decision::allow(Reason::Icmp, RuleId::EGRESS),
                new_flow(),
            ),
        ),
        (
            "a ping, IPv6",
            sample(
                ping6,
                RecordKind::Start,
                Decision::allow(Reason::Icmp, RuleId::EGRESS),
                new_flow(),
            ),
        ),
        (
            "a protocol without ports",
            sample(gre, denial(0), deny(Reason::Protocol), denied_flow()),
        ),
        (
            "a protocol without a name",
            sample(unnamed, denial(0), deny(Reason::Protocol), denied_flow()),
        ),
        (
            "the far side opened it",
            sample(
                host,
                RecordKind::Update,
                Decision::allow(Reason::Host, RuleId::HOST),
                from_remote,
            ),
        ),
        (
            "a packet that cannot be read",
            sample(
                FlowKey::NONE,
                unreadable,
                Decision::drop(Reason::Malformed, RuleId::EGRESS),
                FlowState {
                    first_seen_ns: 0,
                    last_seen_ns: 0,
                    outbound: counters(0, 0),
                    ..denied_flow()
                },
            ),
        ),
    ]
}
