//! What stays where it is.

use super::sample::{busy, change, flow, status};
use super::stage::{COLOURED, LARGE, SMALL, Stage};
use crate::control::{ChangeKind, Flows, Protection};
use crate::tui::draw::{SMALLEST, places};
use crate::tui::input::Input;
use crate::tui::model::Tab;
use crate::tui::theme::Theme;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::{Rect, Size};
use ratatui::style::Modifier;

/// The lines that name tabs and columns.
fn fixed_lines(stage: &Stage) -> Vec<String> {
    let lines = stage.lines();
    [3, 5, 23].map(|line| lines[line].clone()).to_vec()
}

#[test]
fn nothing_moves_when_something_is_missing() {
    for tab in Tab::ALL {
        let key = (tab.index() + 1).to_string();
        let mut empty = Stage::empty(SMALL);
        empty.keys(&key);
        let expected = fixed_lines(&empty);
        let mut stage = Stage::busy(SMALL);
        stage.keys(&key);
        assert_eq!(fixed_lines(&stage), expected);
        stage.changes(vec![change(1, ChangeKind::Block)]);
        assert_eq!(fixed_lines(&stage), expected);
        let mut bad = status();
        bad.protection = Protection::Unprotected;
        stage.tell(Input::Status(Box::new(bad)));
        assert_eq!(fixed_lines(&stage), expected);
        stage.tell(Input::Lost {
            why: String::new(),
            guarded: None,
        });
        assert_eq!(fixed_lines(&stage), expected);
    }
}

#[test]
fn the_first_row_is_always_on_the_same_line() {
    let mut stage = Stage::busy(SMALL);
    let first = |stage: &Stage| stage.lines()[6].clone();
    let before = first(&stage);
    stage.keys("p");
    assert_eq!(first(&stage), before);
    stage.keys("b");
    assert!(stage.model().message.is_some());
    assert_eq!(first(&stage), before);
    stage.tell(Input::Lost {
        why: String::new(),
        guarded: None,
    });
    assert_eq!(first(&stage), before);
}

#[test]
fn places_fill_the_screen_without_overlap() {
    for (width, height) in [(80, 24), (81, 25), (140, 40), (300, 100)] {
        for with_detail in [false, true] {
            let size = Size::new(width, height);
            let at = places(size, with_detail);
            let mut y = 0;
            for part in [
                at.header, at.tabs, at.way, at.heading, at.body, at.detail, at.message, at.keys,
            ] {
                assert_eq!(part.y, y, "{size} {at:?}");
                assert_eq!(part.width, width);
                y += part.height;
            }
            assert_eq!(y, height);
            assert!(at.rows() >= 5, "{size}");
        }
    }
    assert_eq!(SMALLEST, SMALL);
}

#[test]
fn every_size_is_drawn_with_everything_open() {
    for width in [1, 10, 79, 80, 109, 110, 200] {
        for height in [1, 5, 23, 24, 60] {
            let mut stage = Stage::busy(Size::new(width, height));
            stage.keys("4jd");
            stage.screen(COLOURED);
            stage.keys("b");
            stage.screen(COLOURED);
            stage.press(KeyCode::Esc);
            stage.keys("?");
            stage.screen(COLOURED);
            stage.keys("x/port:x");
            stage.screen(COLOURED);
        }
    }
}

#[test]
fn a_state_that_nobody_may_miss_is_reversed_over_the_whole_line_with_and_without_colours() {
    for colour in [true, false] {
        let theme = Theme {
            colour,
            unicode: true,
        };
        let mut stage = Stage::busy(LARGE);
        let is_reversed = |stage: &Stage| {
            let buffer = stage.buffer(theme);
            let line = Rect::new(0, 0, 140, 1);
            line.positions()
                .all(|at| buffer[at].modifier.contains(Modifier::REVERSED))
        };
        assert!(!is_reversed(&stage));
        let mut bad = status();
        bad.protection = Protection::Unprotected;
        stage.tell(Input::Status(Box::new(bad)));
        assert!(is_reversed(&stage));
        assert!(stage.lines()[0].contains("UNPROTECTED"));
    }
}

#[test]
fn what_is_old_is_faint() {
    let mut stage = Stage::busy(SMALL);
    let is_faint = |stage: &Stage| {
        stage.buffer(COLOURED)[(2, 6)]
            .modifier
            .contains(Modifier::DIM)
    };
    assert!(!is_faint(&stage));
    stage.tell(Input::Lost {
        why: String::new(),
        guarded: None,
    });
    assert!(is_faint(&stage));
    stage.tell(Input::Status(Box::new(status())));
    assert!(!is_faint(&stage));
}

/// Names come from the configuration, lists and reasons from files, and another daemon could say anything.
#[test]
fn nothing_that_is_told_reaches_the_terminal_as_an_escape() {
    const TAGS: [&str; 14] = [
        "if", "mo", "ln", "lr", "ls", "cn", "re", "ru", "fl", "en", "cc", "by", "sr", "wy",
    ];
    let evil = |tag: &str| format!("{tag}\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\n");
    let mut bad = status();
    bad.interface = evil("if");
    bad.mode = evil("mo");
    bad.lists[0].name = evil("ln");
    bad.lists[0].reason = Some(evil("lr"));
    bad.lists[0].state = evil("ls");
    let mut flow = flow(1);
    flow.client_name = Some(evil("cn"));
    flow.reason = evil("re");
    flow.rule = evil("ru");
    flow.list = Some(evil("fl"));
    flow.entry = Some(evil("en"));
    flow.denied_pkts = 1;
    let mut changed = change(1, ChangeKind::Lockdown);
    changed.client = Some(evil("cc"));
    let mut other = change(2, ChangeKind::Block);
    other.by = evil("by");
    let mut stage = Stage::empty(LARGE);
    let time = busy(0).time;
    stage.tell(Input::Flows(Flows {
        time,
        flows: vec![flow],
    }));
    stage.tell(Input::Status(Box::new(bad.clone())));
    stage.changes(vec![changed, other]);
    let mut all = String::new();
    for key in ["1", "j", "d", "\n", "4", "j", "5", "j", "6", "j", "\n", "u"] {
        stage.keys(key);
        all += &stage.screen(COLOURED);
    }
    bad.protection = Protection::Unprotected;
    bad.reason = Some(evil("sr"));
    stage.tell(Input::Status(Box::new(bad)));
    all += &stage.screen(COLOURED);
    stage.tell(Input::Lost {
        why: evil("wy"),
        guarded: None,
    });
    all += &stage.screen(COLOURED);
    assert!(!all.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']));
    for tag in TAGS {
        let shown = format!("{tag}\\u{{1b}}");
        assert!(all.contains(&shown), "{shown} is not in\n{all}");
    }
}
