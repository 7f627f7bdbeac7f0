//! One report of every kind, from records as the kernel's events make them.

mod flows;

use flows::{Sample, counters, samples};

use crate::config::ListAction;
use crate::diagnostic::SourceFile;
use crate::lists::{self, LoadedList, Standing};
use crate::output::{
    FlowReport, ListReport, LostReport, Naming, Report, StateEvent, StateReport, StatsReport,
    WallClock,
};
use crate::policy::{Labels, Network, compile};
use crate::state::Record;
use exitguard_common::abi::{Cached, DirectionStats, FlowState, Reason, RuleId, Stats};
use exitguard_common::packet::ParseError;
use jiff::Timestamp;
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
