//! The filter, while it is typed.

use super::stage::{SMALL, Stage};
use crate::tui::model::Tab;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn rows(stage: &Stage) -> usize {
    stage.model().rows.len()
}

#[test]
fn a_filter_is_in_use_while_it_is_typed_and_a_wrong_one_is_not() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4");
    assert_eq!(rows(&stage), 5);
    stage.keys("/deny");
    assert_eq!(rows(&stage), 2);
    stage.keys(" port:");
    // Not finished: what was right before stays.
    assert_eq!(rows(&stage), 2);
    let screen = stage.lines().join("\n");
    assert!(screen.contains('^'), "{screen}");
    stage.press(KeyCode::Enter);
    assert!(
        stage.model().search.typing.is_some(),
        "a wrong filter cannot be taken"
    );
    stage.keys("25");
    assert_eq!(rows(&stage), 1);
    stage.press(KeyCode::Enter);
    assert!(stage.model().search.typing.is_none());
    assert!(stage.lines()[4].contains("filter: deny port:25"));
    // Of every tab.
    stage.keys("2");
    assert_eq!(stage.subjects(), ["198.51.100.25"]);
    stage.press(KeyCode::Esc);
    assert_eq!(rows(&stage), 5);
}

#[test]
fn escape_takes_back_what_was_typed() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4/port:443\n");
    assert_eq!(rows(&stage), 2);
    stage.keys("/ deny");
    assert_eq!(rows(&stage), 1);
    stage.press(KeyCode::Esc);
    assert_eq!(rows(&stage), 2);
    assert!(stage.lines()[4].contains("filter: port:443"));
}

#[test]
fn a_mistake_in_the_middle_is_mended_in_the_middle() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4/pört:25");
    assert!(
        stage
            .model()
            .search
            .typing
            .as_ref()
            .unwrap()
            .error
            .is_some()
    );
    for _ in 0..5 {
        stage.press(KeyCode::Left);
    }
    stage.press(KeyCode::Backspace);
    stage.keys("o");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.model().search.text, "port:25");
    assert_eq!(rows(&stage), 1);
    stage.keys("/");
    for _ in 0..20 {
        stage.press(KeyCode::Right);
    }
    stage.control('u');
    assert_eq!(rows(&stage), 5);
    stage.press(KeyCode::Backspace);
    stage.press(KeyCode::Enter);
    assert_eq!(stage.model().search.text, "");
}

#[test]
fn keys_that_act_are_letters_in_a_filter() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4j/baBuq");
    assert!(stage.model().dialog.is_none());
    assert!(stage.take_effects().is_empty());
    assert_eq!(stage.model().search.typing.as_ref().unwrap().text, "baBuq");
    stage.control('c');
    assert_eq!(stage.take_effects(), [crate::tui::input::Effect::Quit]);
}

#[test]
fn escape_and_a_key_right_after_it_are_both_heard() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4/port:x");
    let together = KeyEvent::new(KeyCode::Char('5'), KeyModifiers::ALT);
    stage.tell(crate::tui::input::Input::Key(together));
    assert!(stage.model().search.typing.is_none());
    assert_eq!(stage.model().tab, Tab::Denied);
}
