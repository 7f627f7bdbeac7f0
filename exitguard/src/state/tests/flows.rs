//! Starts, and that flows go on.

use super::*;

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
