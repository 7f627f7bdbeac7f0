//! What comes out of the ring buffer, and what is told of it.

use std::convert::Infallible;
use std::time::Duration;

use exitguard::config;
use exitguard::datapath::read_event;
use exitguard::diagnostic::SourceFile;
use exitguard::output::{FlowReport, Format, Naming, Report, WallClock};
use exitguard::policy::{Labels, Network, compile};
use exitguard::state::{Idle, Output, Tracker};
use exitguard_common::abi::Event;

const POLICY: &str = "[egress]\ntcp = [443]\nudp = []\n";

thread_local! {
    static LABELS: Option<Labels> = labels();
}

fn labels() -> Option<Labels> {
    let checked = config::parse(&SourceFile::new("exitguard.toml", POLICY)).ok()?;
    let (_, labels) = compile(&checked.config, vec![], &Network::default()).ok()?;
    Some(labels)
}

/// Records of the ring, one after the other: whatever is in them, each is a line that a reader can read.
pub(super) fn event(bytes: &[u8]) {
    let mut tracker = Tracker::new(Idle::default(), Duration::from_secs(60));
    let mut outputs = Vec::new();
    let (mut told, mut last_ns) = (0, 0);
    for record in bytes.chunks(size_of::<Event>()) {
        let Some(event) = read_event(record) else {
            continue;
        };
        assert_eq!(record.len(), size_of::<Event>());
        tracker.event(&event, &mut outputs);
        // Every other event comes together with a look at the flow table.
        if told % 2 == 1 {
            let table = [Ok::<_, Infallible>((event.key, event.flow))];
            let Ok(()) = tracker.snapshot(table, event.time_ns, &mut outputs);
        }
        told += 1;
        last_ns = event.time_ns;
    }
    tracker.shutdown(last_ns, &mut outputs);
    assert!(tracker.is_empty());
    LABELS.with(|labels| {
        assert!(labels.is_some(), "{POLICY}");
        if let Some(labels) = labels {
            for output in &outputs {
                tell(output, labels);
            }
        }
    });
}

fn tell(output: &Output, labels: &Labels) {
    let Output::Tell(record) = output else { return };
    let naming = Naming {
        interface: "tailscale0",
        labels,
        clock: &WallClock::at("2026-01-02T12:00:00Z".parse().unwrap_or_default(), 1 << 40),
    };
    let report = Report::Flow(Box::new(FlowReport::new(record, &naming)));
    for format in [Format::Text, Format::Json] {
        let line = format.render(&report);
        assert!(
            !line.is_empty() && !line.contains(char::is_control),
            "{line:?}"
        );
        if format == Format::Json {
            let object: Result<serde_json::Value, _> = serde_json::from_str(&line);
            assert!(object.is_ok_and(|object| object.is_object()), "{line}");
        }
    }
}
