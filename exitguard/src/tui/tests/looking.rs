//! What is asked of the daemon, and how the connection is shown.

use super::sample::{at, event, status, status_after};
use super::stage::{SMALL, Stage};
use crate::tui::input::{Effect, Input};
use crate::tui::model::Link;
use ratatui::crossterm::event::KeyCode;

fn wants(filter: Option<&str>, number: u64) -> Effect {
    Effect::WantEvents {
        number,
        filter: filter.map(str::to_owned),
    }
}

#[test]
fn events_are_asked_for_while_they_are_looked_at_and_with_what_limits_them() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("7");
    assert_eq!(stage.take_effects(), [wants(Some(""), 1)]);
    stage.keys("j");
    assert_eq!(stage.take_effects(), []);
    stage.keys("1");
    assert_eq!(stage.take_effects(), [wants(None, 2)]);
    stage.keys("j\n/deny\n7");
    assert_eq!(
        stage.take_effects(),
        [wants(Some("client:100.64.0.9 deny"), 3)]
    );
    // What was still under way of those before is not shown.
    stage.tell(Input::Event(1, event(0, true)));
    assert_eq!(stage.model().rows.len(), 0);
    stage.tell(Input::Event(3, event(0, true)));
    assert_eq!(stage.model().rows.len(), 1);
}

#[test]
fn a_filter_that_is_typed_is_asked_for_when_it_is_taken() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("7/de");
    stage.take_effects();
    stage.keys("ny");
    assert_eq!(stage.take_effects(), []);
    stage.press(KeyCode::Enter);
    assert_eq!(stage.take_effects(), [wants(Some("deny"), 2)]);
}

#[test]
fn only_the_last_events_are_kept_the_newest_first() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("7");
    for second in 0..2_500 {
        stage.tell(Input::Event(1, event(second, false)));
    }
    assert_eq!(stage.model().rows.len(), 2_000);
    assert_eq!(
        stage.subjects()[0],
        "12:41:39Z start tcp 100.64.0.9:40000 -> 203.0.113.7:443 port [client web1]"
    );
}

#[test]
fn flows_are_not_asked_for_while_it_is_paused() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("p");
    assert_eq!(stage.take_effects(), [Effect::WantFlows(false)]);
    stage.keys("p");
    assert_eq!(stage.take_effects(), [Effect::WantFlows(true)]);
}

#[test]
fn a_lost_daemon_is_shown_since_it_was_lost_and_until_it_is_back() {
    let mut stage = Stage::busy(SMALL);
    for second in [31.0, 32.0, 33.0] {
        stage.now = at(second);
        stage.tell(Input::Lost {
            why: "no".to_owned(),
            guarded: Some(true),
        });
    }
    assert!(
        stage.lines()[0].contains("since 12:00:31Z"),
        "{}",
        stage.lines()[0]
    );
    stage.now = at(90.0);
    stage.tell(Input::Status(Box::new(status_after(90))));
    assert_eq!(stage.model().link, Link::Up);
    assert!(!stage.lines()[0].contains("!!!"));
    // There is no rate over the time without a daemon.
    let before = Stage::busy(SMALL).model().back.now();
    assert_eq!(stage.model().back.now(), before);
}

#[test]
fn units_and_names_of_ports_are_a_matter_of_taste() {
    let mut stage = Stage::busy(SMALL);
    assert!(
        stage.lines()[1].contains("1.2 MB/s"),
        "{}",
        stage.lines()[1]
    );
    stage.keys("U");
    assert!(
        stage.lines()[1].contains("10.0 Mbit/s"),
        "{}",
        stage.lines()[1]
    );
    stage.keys("3");
    assert!(stage.lines().join(" ").contains("443/tcp https"));
    stage.keys("n");
    assert!(!stage.lines().join(" ").contains("https"));
}

#[test]
fn what_is_lost_or_failed_is_told() {
    let mut stage = Stage::empty(SMALL);
    let mut bad = status();
    bad.lost_kernel = 3;
    bad.lost_output = 4;
    bad.lost_file = 5;
    bad.reload_error = Some("x".to_owned());
    bad.fail = "closed".to_owned();
    bad.trial_until = Some(at(60.0));
    stage.tell(Input::Status(Box::new(bad)));
    assert!(stage.lines()[2].contains("lost events 12"));
    assert!(stage.lines()[0].contains("RELOAD FAILED"));
    assert!(stage.lines()[0].contains("GATE OPEN"));
    assert!(stage.lines()[0].contains("ON TRIAL until 12:01:00Z"));
}
