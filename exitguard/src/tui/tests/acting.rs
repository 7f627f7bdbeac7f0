//! Keys that change what is in force.

use super::sample::{change, status};
use super::stage::{SMALL, Stage};
use crate::control::{ChangeKind, Changed, NewChange, RefusalKind};
use crate::tui::input::{Effect, Input, Refused, Wish};
use ratatui::crossterm::event::KeyCode;

fn wished(stage: &mut Stage) -> Wish {
    match stage.take_effects().as_slice() {
        [Effect::Wish(wish)] => wish.clone(),
        other => panic!("{other:?}"),
    }
}

fn block(seconds: Option<u64>) -> NewChange {
    NewChange {
        kind: ChangeKind::Block,
        destination: Some("203.0.113.7".to_owned()),
        client: None,
        seconds,
        comment: String::new(),
        session: None,
        force: false,
    }
}

/// On the destination with the most traffic.
fn on_a_destination() -> Stage {
    let mut stage = Stage::busy(SMALL);
    stage.keys("2j");
    stage.take_effects();
    stage
}

fn says(stage: &Stage, what: &str) {
    let screen = stage.lines().join("\n");
    assert!(screen.contains(what), "{what} is not in\n{screen}");
}

#[test]
fn a_block_is_asked_for_shown_as_a_command_and_done() {
    let mut stage = on_a_destination();
    stage.keys("b");
    says(&stage, "exitguard block 203.0.113.7 --for 1h");
    assert_eq!(stage.take_effects(), []);
    stage.press(KeyCode::Enter);
    assert_eq!(wished(&mut stage), Wish::Change(block(Some(3_600))));
    stage.keys("b");
    stage.press(KeyCode::Down);
    says(&stage, "  exitguard block 203.0.113.7 ");
    stage.press(KeyCode::Enter);
    assert_eq!(wished(&mut stage), Wish::Change(block(None)));
}

#[test]
fn whoever_cancels_changes_nothing() {
    for keys in ["b", "a"] {
        let mut stage = on_a_destination();
        stage.keys(keys);
        stage.press(KeyCode::Up);
        says(&stage, "Nothing will be done.");
        stage.press(KeyCode::Enter);
        assert_eq!(stage.take_effects(), []);
        assert!(stage.model().dialog.is_none());
        stage.keys(keys);
        stage.press(KeyCode::Esc);
        assert_eq!(stage.take_effects(), []);
        assert!(stage.model().dialog.is_none());
    }
}

#[test]
fn of_a_flow_a_block_can_be_for_its_client_only() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4jbc");
    says(
        &stage,
        "exitguard block 203.0.113.7 --client 100.64.0.9 --for 1h",
    );
    stage.take_effects();
    stage.press(KeyCode::Enter);
    let client = Some("100.64.0.9".to_owned());
    let expected = NewChange {
        client,
        ..block(Some(3_600))
    };
    assert_eq!(wished(&mut stage), Wish::Change(expected));
}

#[test]
fn a_client_is_locked_down() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("jB");
    says(&stage, "exitguard lockdown 100.64.0.9 --for 1h");
    stage.take_effects();
    stage.press(KeyCode::Enter);
    let Wish::Change(change) = wished(&mut stage) else {
        panic!();
    };
    assert_eq!(change.kind, ChangeKind::Lockdown);
    assert_eq!(change.client.as_deref(), Some("100.64.0.9"));
    assert_eq!(change.destination, None);
}

#[test]
fn without_a_destination_or_a_client_there_is_a_word_about_it() {
    for (keys, word) in [
        ("1jb", "destination"),
        ("3ja", "destination"),
        ("6jb", "destination"),
        ("2b", "destination"),
        ("2jB", "client"),
        ("1B", "client"),
        ("u", "nothing to take back"),
        ("x", "no such key"),
    ] {
        let mut stage = Stage::busy(SMALL);
        stage.keys(keys);
        assert!(stage.model().dialog.is_none(), "{keys}");
        says(&stage, word);
    }
}

#[test]
fn the_answer_is_shown_and_counted() {
    let mut stage = on_a_destination();
    let wish = Wish::Change(block(Some(3_600)));
    let changed = Changed {
        change: change(4, ChangeKind::Block),
        generation: 8,
        flows: 3,
        mode: "enforce".to_owned(),
    };
    stage.tell(Input::Answered(wish, Ok(Box::new(changed.clone()))));
    says(
        &stage,
        "blocked 203.0.113.7 until 12:59:00Z: policy 8, 3 open flows; u undoes",
    );
    says(&stage, "changes 1");
    stage.tell(Input::Answered(Wish::Revert(4), Ok(Box::new(changed))));
    says(&stage, "taken back: block 203.0.113.7");
    says(&stage, "changes 0");
}

#[test]
fn a_refusal_is_said() {
    for (kind, expected) in [
        (Some(RefusalKind::NotPermitted), "not permitted: no\\u{1b}"),
        (Some(RefusalKind::Failed), "nothing was changed: no\\u{1b}"),
        (None, "whether it was done is not known: no\\u{1b}"),
    ] {
        let mut stage = on_a_destination();
        let message = "no\u{1b}".to_owned();
        stage.refused(Wish::Change(block(None)), Refused { kind, message });
        says(&stage, expected);
        assert!(stage.model().dialog.is_none());
    }
}

#[test]
fn a_danger_is_done_only_by_who_says_so() {
    let mut stage = on_a_destination();
    let refused = Refused {
        kind: Some(RefusalKind::Dangerous),
        message: "it is your own session".to_owned(),
    };
    stage.refused(Wish::Change(block(None)), refused.clone());
    says(&stage, "it is your own session");
    says(&stage, "exitguard block 203.0.113.7 --force");
    // The first answer is no.
    stage.press(KeyCode::Enter);
    assert_eq!(stage.take_effects(), []);
    stage.refused(Wish::Change(block(None)), refused);
    stage.press(KeyCode::Down);
    stage.press(KeyCode::Enter);
    let forced = NewChange {
        force: true,
        ..block(None)
    };
    assert_eq!(wished(&mut stage), Wish::Change(forced));
}

#[test]
fn the_last_change_is_the_first_to_be_taken_back() {
    let mut stage = on_a_destination();
    stage.changes(vec![
        change(3, ChangeKind::Lockdown),
        change(9, ChangeKind::Block),
    ]);
    stage.keys("u");
    says(&stage, "exitguard undo 9");
    stage.press(KeyCode::Enter);
    assert_eq!(wished(&mut stage), Wish::Revert(9));
    stage.keys("uj");
    says(&stage, "exitguard undo 3");
    stage.press(KeyCode::Enter);
    assert_eq!(wished(&mut stage), Wish::Revert(3));
}

#[test]
fn nothing_is_asked_while_nobody_answers() {
    let mut stage = on_a_destination();
    stage.tell(Input::Lost {
        why: String::new(),
        guarded: None,
    });
    stage.keys("b");
    assert!(stage.model().dialog.is_none());
    says(&stage, "while no daemon answers");
}

#[test]
fn where_nothing_is_denied_a_block_does_not_claim_it() {
    let mut stage = on_a_destination();
    let mut observing = status();
    observing.mode = "observe".to_owned();
    stage.tell(Input::Status(Box::new(observing)));
    stage.keys("b");
    says(&stage, "it is reported, and passes all the same");
    stage.press(KeyCode::Esc);
    let changed = Changed {
        change: change(4, ChangeKind::Block),
        generation: 8,
        flows: 3,
        mode: "observe".to_owned(),
    };
    let wish = Wish::Change(block(None));
    stage.tell(Input::Answered(wish, Ok(Box::new(changed))));
    says(&stage, "reported and let pass");
}
