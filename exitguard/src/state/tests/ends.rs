//! Every way in which a flow ends.

use super::*;

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
fn what_could_not_be_read_of_the_table_is_not_over() {
    let mut told_so_far = Told::new();
    let (read, unread, state) = (tcp(1), tcp(2), begun(NOON));
    for key in [read, unread] {
        told_so_far.event(EventKind::Start, key, state, NOON);
    }
    let mut outputs = Vec::new();
    let table = [Ok((read, state)), Err("no more")];
    let result = told_so_far
        .tracker
        .snapshot(table, NOON + SECOND, &mut outputs);
    assert_eq!((result, outputs.as_slice()), (Err("no more"), &[][..]));
    let end = ended(EndReason::Evicted, unread, state, NOON + 2 * SECOND);
    assert_eq!(
        told_so_far.table(&[(read, state)], NOON + 2 * SECOND),
        [end]
    );
}
