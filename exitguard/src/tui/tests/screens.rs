//! Whole screens.

use super::sample::{at, busy, change, event, status};
use super::stage::{COLOURED, LARGE, SMALL, Stage};
use crate::control::{ChangeKind, Protection, RefusalKind};
use crate::tui::input::{Effect, Input, Refused, Wish};
use crate::tui::model::Tab;
use crate::tui::theme::Theme;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Size;

const SIZES: [(&str, Size); 2] = [("80x24", SMALL), ("140x40", LARGE)];

fn on_both(name: &str, prepare: impl Fn(&mut Stage)) {
    for (size_name, size) in SIZES {
        let mut stage = Stage::busy(size);
        prepare(&mut stage);
        insta::assert_snapshot!(format!("{name}-{size_name}"), stage.screen(COLOURED));
    }
}

#[test]
fn every_tab() {
    for tab in Tab::ALL {
        on_both(tab.title(), |stage| {
            stage.keys(&(tab.index() + 1).to_string());
            if tab == Tab::Events {
                for second in 0..3 {
                    stage.tell(Input::Event(
                        stage.model().watch,
                        event(second, second == 1),
                    ));
                }
            }
            stage.press(KeyCode::Down);
        });
    }
}

#[test]
fn before_anything_was_heard() {
    for (name, size) in SIZES {
        let stage = Stage::empty(size);
        insta::assert_snapshot!(format!("empty-{name}"), stage.screen(COLOURED));
    }
}

#[test]
fn without_any_traffic() {
    let mut stage = Stage::empty(SMALL);
    stage.tell(Input::Status(Box::new(status())));
    let mut flows = busy(0);
    flows.flows.clear();
    stage.tell(Input::Flows(flows));
    insta::assert_snapshot!(stage.screen(COLOURED));
}

#[test]
fn unprotected() {
    on_both("unprotected", |stage| {
        let mut status = status();
        status.protection = Protection::Unprotected;
        status.reason = Some("no program at the ingress of tailscale0".to_owned());
        stage.tell(Input::Status(Box::new(status)));
    });
}

#[test]
fn disconnected() {
    for guarded in [None, Some(true), Some(false)] {
        let name = guarded.map_or(
            "unknown",
            |guarded| if guarded { "guarded" } else { "open" },
        );
        let mut stage = Stage::busy(SMALL);
        stage.tell(Input::Lost {
            why: "no daemon answers: Connection refused".to_owned(),
            guarded,
        });
        insta::assert_snapshot!(format!("disconnected-{name}"), stage.screen(COLOURED));
    }
}

#[test]
fn without_colours_and_with_ascii_only() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4d");
    stage.press(KeyCode::Down);
    let plain = Theme {
        colour: false,
        unicode: false,
    };
    let screen = stage.screen(plain);
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!(screen);
}

#[test]
fn a_wrong_filter() {
    on_both("filter", |stage| stage.keys("4/port:443 prot:tcp"));
}

#[test]
fn asked_whether_to_block() {
    on_both("block", |stage| {
        stage.keys("4");
        stage.press(KeyCode::Down);
        stage.keys("b");
    });
}

#[test]
fn asked_whether_to_lock_down_and_which_change_to_take_back() {
    let mut stage = Stage::busy(SMALL);
    stage.press(KeyCode::Down);
    stage.keys("B");
    insta::assert_snapshot!("lockdown", stage.screen(COLOURED));
    stage.press(KeyCode::Esc);
    let changes = [
        (1, ChangeKind::Block),
        (2, ChangeKind::Lockdown),
        (5, ChangeKind::Allow),
    ];
    stage.changes(changes.map(|(id, kind)| change(id, kind)).to_vec());
    stage.keys("uj");
    insta::assert_snapshot!("undo", stage.screen(COLOURED));
}

#[test]
fn warned() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("2j");
    stage.keys("b\n");
    let Some(Effect::Wish(Wish::Change(change))) = stage.take_effects().pop() else {
        panic!("nothing is wished");
    };
    stage.refused(
        Wish::Change(change),
        Refused {
            kind: Some(RefusalKind::Dangerous),
            message: "203.0.113.7 is the other side of your ssh session, which this would cut"
                .to_owned(),
        },
    );
    insta::assert_snapshot!(stage.screen(COLOURED));
}

#[test]
fn help() {
    on_both("help", |stage| stage.keys("?"));
}

#[test]
fn details() {
    on_both("details", |stage| {
        stage.keys("5d");
        stage.press(KeyCode::Down);
        stage.press(KeyCode::Down);
    });
    for (name, keys) in [("client", "1jd"), ("list", "6jd"), ("nothing", "1d")] {
        let mut stage = Stage::busy(SMALL);
        stage.keys(keys);
        insta::assert_snapshot!(format!("details-{name}"), stage.screen(COLOURED));
    }
}

#[test]
fn down_a_way_with_a_filter_and_paused() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("jjr");
    stage.press(KeyCode::Enter);
    stage.keys("/port:443\np");
    insta::assert_snapshot!(stage.screen(COLOURED));
}

#[test]
fn too_small() {
    let mut stage = Stage::busy(Size::new(79, 24));
    insta::assert_snapshot!(stage.screen(COLOURED));
    stage.tell(Input::Resize(1, 1));
    assert_eq!(stage.screen(COLOURED), "…");
    stage.now = at(40.0);
}
