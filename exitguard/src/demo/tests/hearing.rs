//! Which report is about which probe.

use super::probe;
use crate::demo::hear::{Ears, Halt, Wanted};
use crate::demo::send::Traffic;
use crate::output::{FlowReport, Reader, Report, StateEvent, StateReport};
use crate::state::{EndReason, RecordKind};
use exitguard_common::abi::{Counters, Decision, Reason, RuleId};
use jiff::Timestamp;
use std::io;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// A reader that takes everything, or nothing.
struct Dummy {
    is_there: bool,
}

impl Reader for Dummy {
    fn take(&mut self, _: &Report) -> io::Result<()> {
        if self.is_there {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    fn caught_up(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The report that belongs to the allowed question over TCP.
fn report() -> FlowReport {
    let time = Timestamp::UNIX_EPOCH;
    let probe = probe("203.0.113.7", Traffic::Tcp(443));
    FlowReport {
        time,
        interface: "tailscale0".to_owned(),
        kind: RecordKind::Start,
        flow_id: 1,
        client: probe.from,
        client_name: None,
        source: Some(probe.from),
        destination: Some(probe.to),
        source_port: Some(40_000),
        destination_port: Some(443),
        icmp: None,
        protocol: 6,
        to_server: Counters::default(),
        to_client: Counters::default(),
        denied_pkts: 0,
        start: time,
        last: time,
        decision: Decision::allow(Reason::Port, RuleId(1)),
        rule: "egress".to_owned(),
        list: None,
        entry: None,
        generation: 1,
    }
}

fn wanted() -> Wanted {
    let probe = probe("203.0.113.7", Traffic::Tcp(443));
    Wanted::new(probe.from, probe.to, probe.traffic)
}

fn tell(to: &mut impl Reader, report: FlowReport) {
    to.take(&Report::Flow(Box::new(report))).unwrap();
}

#[test]
fn only_the_beginning_of_a_flow_between_the_same_ends_is_meant() {
    let wanted = wanted();
    assert!(wanted.is(&report()));
    let deny = RecordKind::Deny {
        packet_bytes: 60,
        tcp_flags: 2,
        inbound: false,
        parse_error: None,
        has_flow: true,
    };
    let changed = |change: &dyn Fn(&mut FlowReport)| {
        let mut report = report();
        change(&mut report);
        wanted.is(&report)
    };
    assert!(changed(&|report| report.kind = deny));
    assert!(changed(&|report| report.source_port = Some(1)));
    let end = RecordKind::End(EndReason::TcpClose);
    assert!(!changed(&|report| report.kind = end));
    assert!(!changed(&|report| report.kind = RecordKind::Update));
    assert!(!changed(&|report| report.destination_port = Some(80)));
    assert!(!changed(&|report| report.protocol = 17));
    assert!(!changed(&|report| report.source = report.destination));
    assert!(!changed(&|report| report.destination = report.source));
    assert!(!changed(&|report| report.source = None));
}

#[test]
fn a_flow_is_heard_of_once() {
    let mut ears = Ears::new();
    let mut reader = ears.listen(Dummy { is_there: true });
    let other = FlowReport {
        destination_port: Some(80),
        ..report()
    };
    let second = FlowReport {
        flow_id: 2,
        ..report()
    };
    for report in [other, report(), report(), second] {
        tell(&mut reader, report);
    }
    let mut heard = || {
        let heard = ears.flow(&wanted(), SOON).unwrap();
        heard.unwrap().flow_id
    };
    assert_eq!((heard(), heard()), (1, 2));
}

#[test]
fn what_does_not_come_is_not_waited_for_longer_than_said() {
    let mut ears = Ears::new();
    let briefly = Duration::from_millis(10);
    assert!(ears.flow(&wanted(), briefly).unwrap().is_none());
    assert!(!ears.started(briefly).unwrap());
}

#[test]
fn the_start_is_heard_after_what_came_before_it() {
    let ears = Ears::new();
    let mut reader = ears.listen(Dummy { is_there: true });
    let state = |event| {
        Report::State(StateReport {
            time: Timestamp::UNIX_EPOCH,
            interface: "tailscale0".to_owned(),
            event,
            generation: 1,
            mode: "enforce",
            message: String::new(),
        })
    };
    reader.take(&state(StateEvent::Waiting)).unwrap();
    reader.take(&state(StateEvent::Started)).unwrap();
    assert!(ears.started(SOON).unwrap());
}

#[test]
fn whoever_wants_the_end_ends_the_wait() {
    let mut ears = Ears::new();
    ears.stopper().stop();
    assert_eq!(ears.flow(&wanted(), SOON).unwrap_err(), Halt::Stopped);
}

#[test]
fn a_reader_who_is_gone_ends_the_wait() {
    let mut ears = Ears::new();
    let mut reader = ears.listen(Dummy { is_there: false });
    let report = Report::Flow(Box::new(report()));
    assert!(reader.take(&report).is_err());
    assert_eq!(ears.flow(&wanted(), SOON).unwrap_err(), Halt::NobodyReads);
}

#[test]
fn the_end_of_the_daemon_ends_the_wait() {
    let mut ears = Ears::new();
    drop(ears.listen(Dummy { is_there: true }));
    assert_eq!(ears.flow(&wanted(), SOON).unwrap_err(), Halt::DaemonEnded);
}
