//! One report of every kind, from records as the kernel's events make them.

use crate::config::ListAction;
use crate::diagnostic::SourceFile;
use crate::lists::{self, LoadedList, Standing};
use crate::output::{
    FlowReport, ListReport, LostReport, Naming, Report, StateEvent, StateReport, StatsReport,
    WallClock,
};
use crate::policy::{Labels, Network, compile};
use crate::state::{EndReason, Record, RecordKind};
use exitguard_common::abi::{
    Addr, Cached, Counters, Decision, DirectionStats, FlowKey, FlowState, Origin, Reason, RuleId,
    Stats, Verdict,
};
use exitguard_common::packet::{ParseError, protocol};
use jiff::Timestamp;
use std::net::IpAddr;
use std::time::Duration;

const CONFIG: &str = r#"
mode = "enforce"
[egress]
tcp = [443]
udp = []
[[client]]
name = "web1"
match = ["100.64.0.9"]
tcp = [443]
lists = ["bad"]
[[list]]
name = "bad"
source = "bad.txt"
"#;
const LIST: &str = "203.0.113.0/24\n2001:db8:bad::/48\n";
/// The rule of the first client, after `host` and `egress`.
const WEB1: RuleId = RuleId(2);
const SECOND: u64 = 1_000_000_000;
const NOON_NS: u64 = 5_000 * SECOND;

pub(super) struct Samples {
    labels: Labels,
    clock: WallClock,
}

/// The parts of a record that differ.
struct Sample {
    key: FlowKey,
    kind: RecordKind,
    decision: Decision,
    state: FlowState,
}

impl Samples {
    pub(super) fn new() -> Self {
        let config = crate::config::parse(&SourceFile::new("exitguard.toml", CONFIG)).unwrap();
        let entries = lists::parse(&SourceFile::new("bad.txt", LIST), &mut Vec::new()).unwrap();
        let list = LoadedList {
            name: "bad".into(),
            action: ListAction::Deny,
            entries,
            left_out: lists::Entries::default(),
            names: 0,
        };
        let (_, labels) = compile(&config.config, vec![list], &Network::default()).unwrap();
        let noon: Timestamp = "2026-01-02T12:00:00Z".parse().unwrap();
        Self {
            labels,
            clock: WallClock::at(noon, NOON_NS),
        }
    }

    pub(super) fn all(&self) -> Vec<(&'static str, Report)> {
        let mut all: Vec<_> = samples()
            .into_iter()
            .map(|(what, sample)| (what, self.report(&sample)))
            .collect();
        all.extend(self.others());
        all
    }

    fn report(&self, sample: &Sample) -> Report {
        let record = Record {
            kind: sample.kind,
            key: sample.key,
            state: FlowState {
                cached: Cached::new(7, sample.decision),
                ..sample.state
            },
            time_ns: NOON_NS,
        };
        let naming = Naming {
            interface: "tailscale0",
            labels: &self.labels,
            clock: &self.clock,
        };
        Report::Flow(Box::new(FlowReport::new(&record, &naming)))
    }

    fn others(&self) -> [(&'static str, Report); 8] {
        let time = self.clock.wall();
        let interface = "tailscale0".to_owned();
        let traffic = |pkts| DirectionStats {
            passed: counters(pkts, pkts * 1_000),
            denied: counters(3, 180),
        };
        let mut kernel = Stats {
            outbound: traffic(1_000),
            inbound: traffic(2_000_000),
            events_lost: 5,
            replies_sent: 2,
            replies_withheld: 1,
            flows_untracked: 4,
            ..Stats::default()
        };
        kernel.denied_pkts[Reason::Port as usize] = 3;
        kernel.denied_pkts[Reason::Malformed as usize] = 1;
        kernel.would_deny_pkts[Reason::Port as usize] = 2;
        kernel.malformed_pkts[ParseError::TotalLength as usize] = 1;
        let stats = StatsReport {
            time,
            interface: interface.clone(),
            uptime: Duration::from_secs(3_600),
            flows: 12,
            kernel,
            list_hits: vec![("bad".into(), 2), ("new".into(), 0)],
            reports_lost: 6,
            generation: 7,
        };
        let idle = StatsReport {
            kernel: Stats::default(),
            list_hits: Vec::new(),
            reports_lost: 0,
            ..stats.clone()
        };
        let state = StateReport {
            time,
            interface: interface.clone(),
            event: StateEvent::ReloadFailed,
            generation: 7,
            mode: "enforce",
            message: "exitguard.toml:3:8: port 70000 is too large".into(),
        };
        let lost = LostReport {
            time,
            interface: interface.clone(),
            kernel: 5,
            output: 6,
            file: 0,
        };
        let lost_in_file = LostReport {
            file: 7,
            ..lost.clone()
        };
        let held = ListReport {
            time,
            interface: interface.clone(),
            list: "bad".into(),
            standing: Standing::Held,
            why: Some("it shrank from 410 entries to 2".into()),
            entries: 410,
            age: Some(7_300),
        };
        let missing = ListReport {
            standing: Standing::Missing,
            why: Some("cannot read bad\u{1b}.txt: No such file or directory (os error 2)".into()),
            entries: 0,
            age: None,
            ..held.clone()
        };
        let current = ListReport {
            standing: Standing::Current,
            why: None,
            entries: 2,
            age: Some(0),
            ..held.clone()
        };
        [
            ("a list is held", Report::List(held)),
            ("a list is missing", Report::List(missing)),
            ("a list is fine again", Report::List(current)),
            ("counters", Report::Stats(Box::new(stats))),
            (
                "counters of a guard that saw nothing",
                Report::Stats(Box::new(idle)),
            ),
            ("the guard itself", Report::State(state)),
            ("lost reports", Report::Lost(lost)),
            ("lost events of a file", Report::Lost(lost_in_file)),
        ]
    }
}

const fn counters(pkts: u64, bytes: u64) -> Counters {
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

fn samples() -> Vec<(&'static str, Sample)> {
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
