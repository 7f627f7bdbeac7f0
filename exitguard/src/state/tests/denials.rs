//! What is denied, and packets of no flow.

use super::*;

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
