use super::{EndReason, Idle, Output, Record, RecordKind, Tracker};
use exitguard_common::abi::{
    Addr, Cached, Counters, Decision, Event, EventKind, FlowKey, FlowState, Origin, Reason, RuleId,
};
use exitguard_common::packet::protocol;
use std::net::Ipv4Addr;
use std::time::Duration;

const SECOND: u64 = 1_000_000_000;
const NOON: u64 = 1_000 * SECOND;
const UPDATE: Duration = Duration::from_secs(60);

fn addr(last: u8) -> Addr {
    Addr::from(Ipv4Addr::new(192, 0, 2, last))
}

fn tcp(port: u16) -> FlowKey {
    FlowKey {
        client: addr(9),
        remote: addr(1),
        client_port: port,
        remote_port: 443,
        protocol: protocol::TCP.into(),
    }
}

fn udp(port: u16) -> FlowKey {
    FlowKey {
        protocol: protocol::UDP.into(),
        ..tcp(port)
    }
}

const fn pkts(pkts: u64) -> Counters {
    Counters {
        pkts,
        bytes: pkts * 100,
    }
}

/// A flow that began at a time, with one packet out.
fn begun(at: u64) -> FlowState {
    FlowState {
        cached: Cached::new(1, Decision::allow(Reason::Port, RuleId::EGRESS)),
        first_seen_ns: at,
        last_seen_ns: at,
        outbound: pkts(1),
        inbound: pkts(0),
        denied_pkts: 0,
        tcp_flags_outbound: 0,
        tcp_flags_inbound: 0,
        origin: Origin::Client as u8,
        closed: 0,
        tick: 0,
    }
}

fn denied(state: FlowState) -> FlowState {
    FlowState {
        cached: Cached::new(2, Decision::drop(Reason::Port, RuleId::EGRESS)),
        denied_pkts: 1,
        ..state
    }
}

/// The flow after traffic both ways until a time.
fn answered(state: FlowState, until: u64) -> FlowState {
    FlowState {
        last_seen_ns: until,
        outbound: pkts(state.outbound.pkts + 10),
        inbound: pkts(state.inbound.pkts + 20),
        ..state
    }
}

fn event(kind: EventKind, key: FlowKey, flow: FlowState, time_ns: u64) -> Event {
    Event {
        time_ns,
        key,
        flow,
        packet_bytes: 60,
        kind: kind as u8,
        parse_error: 0,
        tcp_flags: 2,
        inbound: 0,
    }
}

/// A tracker and everything it said.
struct Told {
    tracker: Tracker,
    outputs: Vec<Output>,
}

impl Told {
    fn new() -> Self {
        Self {
            tracker: Tracker::new(Idle::default(), UPDATE),
            outputs: Vec::new(),
        }
    }

    fn event(&mut self, kind: EventKind, key: FlowKey, flow: FlowState, at: u64) -> Vec<Output> {
        let event = event(kind, key, flow, at);
        self.tracker.event(&event, &mut self.outputs);
        std::mem::take(&mut self.outputs)
    }

    fn table(&mut self, table: &[(FlowKey, FlowState)], at: u64) -> Vec<Output> {
        self.tracker.snapshot(table, at, &mut self.outputs);
        std::mem::take(&mut self.outputs)
    }
}

fn told(kind: RecordKind, key: FlowKey, state: FlowState, time_ns: u64) -> Output {
    Output::Tell(Record {
        kind,
        key,
        state,
        time_ns,
    })
}

fn ended(reason: EndReason, key: FlowKey, state: FlowState, time_ns: u64) -> Output {
    told(RecordKind::End(reason), key, state, time_ns)
}

#[test]
fn a_flow_is_told_when_it_starts_and_not_again_by_the_table() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    let start = told_so_far.event(EventKind::Start, key, state, NOON);
    assert_eq!(start, [told(RecordKind::Start, key, state, NOON)]);
    assert_eq!(told_so_far.table(&[(key, state)], NOON + SECOND), []);
    assert_eq!(told_so_far.tracker.len(), 1);
}

#[test]
fn a_flow_whose_start_was_lost_is_told_from_the_table_with_its_own_time() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    let seen = told_so_far.table(&[(key, state)], NOON + 2 * SECOND);
    assert_eq!(seen, [told(RecordKind::Start, key, state, NOON)]);
    // The event that was late says nothing new.
    assert_eq!(told_so_far.event(EventKind::Start, key, state, NOON), []);
}

#[test]
fn a_flow_that_goes_on_is_told_again_once_a_period() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    told_so_far.event(EventKind::Start, key, state, NOON);
    let due = NOON + 60 * SECOND;
    let early = answered(state, due - 1);
    assert_eq!(told_so_far.table(&[(key, early)], due - 1), []);
    let later = answered(early, due);
    assert_eq!(
        told_so_far.table(&[(key, later)], due),
        [told(RecordKind::Update, key, later, due)]
    );
    let soon = answered(later, due + SECOND);
    assert_eq!(told_so_far.table(&[(key, soon)], due + SECOND), []);
}

#[test]
fn a_silent_flow_is_not_told_again_before_its_end() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), answered(begun(NOON), NOON));
    told_so_far.event(EventKind::Start, key, state, NOON);
    for minutes in 1..60 {
        let at = NOON + minutes * 60 * SECOND;
        assert_eq!(told_so_far.table(&[(key, state)], at), []);
    }
    let hour = NOON + 3_600 * SECOND;
    let end = ended(EndReason::Timeout, key, state, hour);
    assert_eq!(
        told_so_far.table(&[(key, state)], hour),
        [end, Output::Forget(key)]
    );
}

#[test]
fn flows_time_out_by_protocol_and_by_whether_they_were_answered() {
    let one_way = begun(NOON);
    let both_ways = answered(begun(NOON), NOON);
    let icmp = FlowKey {
        protocol: protocol::ICMP.into(),
        ..udp(7)
    };
    let sctp = FlowKey {
        protocol: protocol::SCTP.into(),
        ..udp(7)
    };
    let cases = [
        (tcp(1), one_way, 60),
        (tcp(1), both_ways, 3_600),
        (udp(1), one_way, 30),
        (udp(1), both_ways, 180),
        (sctp, one_way, 30),
        (sctp, both_ways, 180),
        (icmp, one_way, 30),
        (icmp, both_ways, 30),
    ];
    for (key, state, seconds) in cases {
        let mut told_so_far = Told::new();
        told_so_far.event(EventKind::Start, key, state, NOON);
        let due = NOON + seconds * SECOND;
        assert_eq!(
            told_so_far.table(&[(key, state)], due - 1),
            [],
            "{key:?} after {seconds} s"
        );
        let end = ended(EndReason::Timeout, key, state, due);
        assert_eq!(
            told_so_far.table(&[(key, state)], due),
            [end, Output::Forget(key)]
        );
        assert!(told_so_far.tracker.is_empty());
    }
}

#[test]
fn a_closed_flow_ends_after_its_last_acknowledgment_had_time() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    told_so_far.event(EventKind::Start, key, state, NOON);
    let closed_at = NOON + 5 * SECOND;
    let closed = FlowState {
        closed: 1,
        ..answered(state, closed_at)
    };
    assert_eq!(
        told_so_far.event(EventKind::Close, key, closed, closed_at),
        []
    );
    assert_eq!(
        told_so_far.table(&[(key, closed)], closed_at + SECOND - 1),
        []
    );
    let last = answered(closed, closed_at + SECOND);
    let end = ended(EndReason::TcpClose, key, last, closed_at + SECOND);
    assert_eq!(
        told_so_far.table(&[(key, last)], closed_at + SECOND),
        [end, Output::Forget(key)]
    );
}

#[test]
fn a_close_whose_event_was_lost_is_read_from_the_table() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    told_so_far.event(EventKind::Start, key, state, NOON);
    let closed = FlowState {
        closed: 1,
        ..answered(state, NOON)
    };
    assert_eq!(told_so_far.table(&[(key, closed)], NOON + SECOND), []);
    let end = ended(EndReason::TcpClose, key, closed, NOON + 2 * SECOND);
    assert_eq!(
        told_so_far.table(&[(key, closed)], NOON + 2 * SECOND),
        [end, Output::Forget(key)]
    );
}

#[test]
fn a_close_without_a_start_still_ends_the_flow() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    let closed = FlowState { closed: 1, ..state };
    assert_eq!(told_so_far.event(EventKind::Close, key, closed, NOON), []);
    let end = ended(EndReason::TcpClose, key, closed, NOON + SECOND);
    assert_eq!(told_so_far.table(&[], NOON + SECOND), [end]);
}

#[test]
fn a_flow_missing_from_the_table_was_evicted() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    told_so_far.event(EventKind::Start, key, state, NOON);
    let end = ended(EndReason::Evicted, key, state, NOON + SECOND);
    assert_eq!(told_so_far.table(&[], NOON + SECOND), [end]);
    assert_eq!(told_so_far.table(&[], NOON + 2 * SECOND), []);
}

#[test]
fn a_five_tuple_used_again_is_another_flow() {
    let key = tcp(40_000);
    let (old, new) = (begun(NOON), begun(NOON + 9 * SECOND));
    for (is_closed, reason) in [(true, EndReason::TcpClose), (false, EndReason::Evicted)] {
        let begin = || {
            let mut told_so_far = Told::new();
            told_so_far.event(EventKind::Start, key, old, NOON);
            if is_closed {
                told_so_far.event(EventKind::Close, key, old, NOON + 8 * SECOND);
            }
            told_so_far
        };
        let expected = [
            ended(reason, key, old, NOON + 9 * SECOND),
            told(RecordKind::Start, key, new, NOON + 9 * SECOND),
        ];
        let by_event = begin().event(EventKind::Start, key, new, NOON + 9 * SECOND);
        assert_eq!(by_event, expected);
        assert_eq!(begin().table(&[(key, new)], NOON + 9 * SECOND), expected);
    }
}

#[test]
fn a_denial_is_told_and_is_no_flow() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(25), denied(begun(NOON)));
    let outputs = told_so_far.event(EventKind::Deny, key, state, NOON);
    let kind = RecordKind::Deny {
        packet_bytes: 60,
        tcp_flags: 2,
        inbound: false,
        parse_error: None,
        has_flow: true,
    };
    assert_eq!(outputs, [told(kind, key, state, NOON)]);
    assert!(told_so_far.tracker.is_empty());
    // The kernel keeps the verdict at hand while packets keep coming, and then it may go.
    assert_eq!(
        told_so_far.table(&[(key, state)], NOON + 30 * SECOND - 1),
        []
    );
    assert_eq!(
        told_so_far.table(&[(key, state)], NOON + 30 * SECOND),
        [Output::Forget(key)]
    );
}

#[test]
fn a_flow_cut_by_a_new_policy_is_told_denied_and_then_ended() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    told_so_far.event(EventKind::Start, key, state, NOON);
    let cut = denied(answered(state, NOON + SECOND));
    let outputs = told_so_far.event(EventKind::Deny, key, cut, NOON + SECOND);
    assert!(
        matches!(
            outputs.as_slice(),
            [Output::Tell(Record { kind: RecordKind::Deny { .. }, state, .. })] if *state == cut
        ),
        "{outputs:?}"
    );
    let due = NOON + 31 * SECOND;
    let end = ended(EndReason::Timeout, key, cut, due);
    assert_eq!(
        told_so_far.table(&[(key, cut)], due),
        [end, Output::Forget(key)]
    );
}

#[test]
fn a_flow_that_passes_again_is_told_as_going_on() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    told_so_far.event(EventKind::Start, key, state, NOON);
    let cut = denied(state);
    told_so_far.event(EventKind::Deny, key, cut, NOON + SECOND);
    let again = FlowState {
        cached: Cached::new(3, Decision::allow(Reason::Port, RuleId::EGRESS)),
        ..cut
    };
    let outputs = told_so_far.event(EventKind::Start, key, again, NOON + 2 * SECOND);
    assert_eq!(
        outputs,
        [told(RecordKind::Update, key, again, NOON + 2 * SECOND)]
    );
}

#[test]
fn a_packet_without_a_flow_changes_no_flow() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    told_so_far.event(EventKind::Start, key, state, NOON);
    let stray = denied(begun(NOON + SECOND));
    let outputs = told_so_far.event(EventKind::DenyPacket, key, stray, NOON + SECOND);
    assert!(matches!(
        outputs.as_slice(),
        [Output::Tell(Record {
            kind: RecordKind::Deny {
                has_flow: false,
                ..
            },
            ..
        })]
    ));
    assert_eq!(told_so_far.table(&[(key, state)], NOON + SECOND), []);
}

#[test]
fn an_event_of_an_unknown_kind_says_nothing() {
    let mut told_so_far = Told::new();
    let mut unknown = event(EventKind::Start, tcp(1), begun(NOON), NOON);
    unknown.kind = 200;
    told_so_far
        .tracker
        .event(&unknown, &mut told_so_far.outputs);
    assert_eq!(told_so_far.outputs, []);
    assert!(told_so_far.tracker.is_empty());
}

#[test]
fn stopping_ends_every_flow_once() {
    let mut told_so_far = Told::new();
    let (open, closed) = (tcp(1), tcp(2));
    let state = begun(NOON);
    told_so_far.event(EventKind::Start, open, state, NOON);
    told_so_far.event(EventKind::Start, closed, state, NOON);
    told_so_far.event(EventKind::Close, closed, state, NOON);
    let mut outputs = Vec::new();
    told_so_far.tracker.shutdown(NOON + SECOND, &mut outputs);
    assert_eq!(outputs.len(), 2);
    assert!(outputs.contains(&ended(EndReason::Shutdown, open, state, NOON + SECOND)));
    assert!(outputs.contains(&ended(EndReason::TcpClose, closed, state, NOON + SECOND)));
    told_so_far.tracker.shutdown(NOON + SECOND, &mut outputs);
    assert_eq!(outputs.len(), 2);
}

#[test]
fn a_new_period_holds_from_the_next_table_on() {
    let mut told_so_far = Told::new();
    let (key, state) = (tcp(40_000), begun(NOON));
    told_so_far.event(EventKind::Start, key, state, NOON);
    told_so_far.tracker.set_update(Duration::from_secs(5));
    let later = answered(state, NOON + 5 * SECOND);
    assert_eq!(
        told_so_far.table(&[(key, later)], NOON + 5 * SECOND),
        [told(RecordKind::Update, key, later, NOON + 5 * SECOND)]
    );
}
