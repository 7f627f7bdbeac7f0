//! Selecting, sorting, going down and back.

use super::sample::{busy, flow};
use super::stage::{LARGE, SMALL, Stage};
use crate::control::{Flow, Flows};
use crate::tui::model::{Column, Key, Tab};
use ratatui::crossterm::event::{KeyCode, MouseEventKind};

fn flows(stage: &Stage, flows: Vec<Flow>) -> Flows {
    Flows {
        time: stage.now,
        flows,
    }
}

/// So many flows to servers of their own, the first ones with the most bytes.
fn many(count: u64) -> Vec<Flow> {
    let flows = (0..count).map(|id| {
        let mut flow = flow(id);
        let [low, high] = [id % 250, id / 250];
        flow.remote = format!("10.0.{high}.{low}").parse().unwrap();
        flow.sent.bytes = (count - id) * 1_000;
        flow
    });
    flows.collect()
}

#[test]
fn the_selection_stays_with_its_row_when_rows_move() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4ss");
    stage.later(flows(&stage, many(100)));
    stage.keys("2");
    // By what was sent: the rates are the same for all.
    while stage.model().view().column != Column::Sent {
        stage.keys("s");
    }
    for _ in 0..4 {
        stage.press(KeyCode::Down);
    }
    let third = Key::Destination("10.0.0.3".parse().unwrap());
    assert_eq!(stage.model().selected().unwrap().key, third);
    let line = |stage: &Stage| {
        let at = stage
            .lines()
            .iter()
            .position(|line| line.contains("10.0.0.3 "));
        at.unwrap()
    };
    assert_eq!(line(&stage), 9);
    // It becomes the one with the least, and its line on the screen stays as near as it can.
    let mut moved = many(100);
    moved[3].sent.bytes = 1;
    stage.later(flows(&stage, moved));
    assert_eq!(stage.model().selected().unwrap().key, third);
    assert_eq!(stage.model().view().index, 99);
    assert_eq!(line(&stage), 21);
    // And back.
    stage.later(flows(&stage, many(100)));
    assert_eq!(stage.model().view().index, 3);
}

#[test]
fn what_is_selected_and_goes_leaves_nothing_selected() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("2");
    stage.later(flows(&stage, many(10)));
    stage.keys("jj");
    let Key::Destination(gone) = stage.model().selected().unwrap().key else {
        panic!();
    };
    let mut rest = many(10);
    rest.retain(|flow| flow.remote != gone);
    stage.later(flows(&stage, rest));
    assert!(stage.model().selected().is_none());
    // A key that acts does not act on what is in its place.
    stage.keys("b");
    assert!(stage.model().dialog.is_none());
    assert!(stage.model().message.as_ref().unwrap().is_trouble);
}

#[test]
fn any_column_sorts_both_ways() {
    let mut stage = Stage::busy(LARGE);
    for look in 1..=2 {
        let several = (0..5).flat_map(|number| {
            (0..=number).map(move |client| {
                let mut flow = flow(number * 10 + client);
                flow.client = format!("100.64.0.{client}").parse().unwrap();
                flow.remote = format!("203.0.113.{number}").parse().unwrap();
                flow.sent.bytes = number * 1_000 * look;
                flow.received.bytes = (10 - number) * 1_000 * look;
                flow.denied_pkts = (number + 3) % 5;
                flow.last += jiff::SignedDuration::from_secs((number + 2) as i64 % 5);
                flow
            })
        });
        stage.later(flows(&stage, several.collect()));
    }
    stage.keys("2");
    let columns = Tab::Destinations.columns().len();
    let mut seen = Vec::new();
    for _ in 0..columns {
        stage.keys("s");
        let view = stage.model().view();
        seen.push(view.column);
        let one_way = stage.subjects();
        stage.keys("r");
        let mut other_way = stage.subjects();
        assert_ne!(one_way, other_way, "{:?}", stage.model().view().column);
        other_way.sort();
        let mut same = one_way.clone();
        same.sort();
        assert_eq!(same, other_way);
    }
    seen.dedup();
    assert_eq!(seen.len(), columns);
    stage.keys("s");
    let after = stage.model().view().column;
    stage.keys("S");
    stage.keys("s");
    assert_eq!(stage.model().view().column, after);
}

#[test]
fn addresses_are_sorted_as_numbers() {
    let mut stage = Stage::empty(SMALL);
    let mut few = many(3);
    for (flow, remote) in few.iter_mut().zip(["10.0.0.10", "10.0.0.9", "9.0.0.1"]) {
        flow.remote = remote.parse().unwrap();
    }
    stage.later(flows(&stage, few));
    stage.keys("2");
    while stage.model().view().column != Column::Destination {
        stage.keys(">");
    }
    assert_eq!(stage.subjects(), ["9.0.0.1", "10.0.0.9", "10.0.0.10"]);
}

#[test]
fn down_from_a_client_to_its_flows_and_back() {
    let mut stage = Stage::busy(SMALL);
    let clients = stage.subjects();
    assert_eq!(clients.len(), 3);
    stage.press(KeyCode::Down);
    let chosen = stage.model().selected().unwrap().key.clone();
    assert_eq!(chosen, Key::Client("100.64.0.9".parse().unwrap()));
    stage.press(KeyCode::Enter);
    assert_eq!(stage.model().tab, Tab::Destinations);
    let mut below = stage.subjects();
    below.sort();
    assert_eq!(below, ["192.0.2.80", "198.51.100.25", "203.0.113.7"]);
    stage.press(KeyCode::Down);
    stage.press(KeyCode::Enter);
    assert_eq!(stage.model().tab, Tab::Flows);
    assert_eq!(stage.model().rows.len(), 1);
    assert!(
        stage.lines()[4].contains("client web1 100.64.0.9 › destination 203.0.113.7"),
        "{}",
        stage.lines()[4]
    );
    stage.press(KeyCode::Down);
    stage.press(KeyCode::Enter);
    assert!(stage.model().with_detail);
    for tab in [Tab::Flows, Tab::Destinations, Tab::Clients] {
        stage.press(KeyCode::Esc);
        assert_eq!(stage.model().tab, tab);
    }
    assert_eq!(stage.subjects(), clients);
    assert_eq!(stage.model().selected().unwrap().key, chosen);
}

#[test]
fn down_from_a_list_to_what_it_denies_and_from_a_port_to_its_flows() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("6j\n");
    assert_eq!(stage.model().tab, Tab::Denied);
    assert_eq!(stage.model().rows.len(), 1);
    assert!(stage.lines()[6].contains("203.0.113.66"));
    stage.press(KeyCode::Esc);
    stage.keys("3");
    while stage.model().view().column != Column::Port {
        stage.keys("s");
    }
    stage.keys("j\n");
    // The port that the other side came to.
    assert!(stage.lines()[4].contains("port 22/tcp"));
    assert_eq!(stage.model().rows.len(), 1);
}

#[test]
fn the_end_of_a_long_table_is_reached_and_nothing_is_beyond_it() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4");
    stage.later(flows(&stage, many(1_000)));
    stage.press(KeyCode::End);
    stage.press(KeyCode::End);
    assert_eq!(stage.model().view().index, 999);
    assert_eq!(stage.model().view().offset, 1_000 - 16);
    stage.press(KeyCode::PageUp);
    assert_eq!(stage.model().view().index, 999 - 16);
    stage.press(KeyCode::Home);
    assert_eq!(
        (stage.model().view().index, stage.model().view().offset),
        (0, 0)
    );
    stage.press(KeyCode::End);
    // The selected row stays in sight when there is less room for it.
    stage.keys("d");
    assert_eq!(stage.model().view().offset, 1_000 - 5);
    stage.later(flows(&stage, many(3)));
    assert_eq!(stage.model().view().offset, 0);
}

#[test]
fn the_mouse_chooses_tabs_columns_and_rows() {
    let mut stage = Stage::busy(SMALL);
    let labels = stage.lines()[3].clone();
    let x = labels.find("Destinations").unwrap() as u16;
    stage.click(x, 3);
    assert_eq!(stage.model().tab, Tab::Destinations);
    let heading = stage.lines()[5].clone();
    let before: String = heading.split("Flows").next().unwrap().to_owned();
    let x = before.chars().count() as u16;
    stage.click(x, 5);
    assert_eq!(stage.model().view().column, Column::Flows);
    assert!(stage.model().view().descending);
    stage.click(x, 5);
    assert!(!stage.model().view().descending);
    stage.click(10, 7);
    assert_eq!(stage.model().view().index, 1);
    assert_eq!(stage.model().tab, Tab::Destinations);
    stage.click(10, 7);
    assert_eq!(stage.model().tab, Tab::Flows);
    // Where nothing is.
    stage.click(10, 20);
    stage.click(79, 3);
    stage.click(10, 4);
    assert_eq!(stage.model().tab, Tab::Flows);
    assert!(stage.model().selected().is_none());
}

#[test]
fn the_wheel_scrolls_and_takes_the_selection_along_only_at_the_edge() {
    let mut stage = Stage::busy(SMALL);
    stage.keys("4");
    stage.later(flows(&stage, many(100)));
    for _ in 0..5 {
        stage.press(KeyCode::Down);
    }
    assert_eq!(stage.model().view().index, 4);
    stage.mouse(MouseEventKind::ScrollDown, 10, 10);
    assert_eq!(
        (stage.model().view().offset, stage.model().view().index),
        (3, 4)
    );
    stage.mouse(MouseEventKind::ScrollDown, 10, 10);
    assert_eq!(
        (stage.model().view().offset, stage.model().view().index),
        (6, 6)
    );
    for _ in 0..100 {
        stage.mouse(MouseEventKind::ScrollDown, 10, 10);
    }
    assert_eq!(stage.model().view().offset, 100 - 16);
    for _ in 0..100 {
        stage.mouse(MouseEventKind::ScrollUp, 10, 10);
    }
    assert_eq!(stage.model().view().offset, 0);
}

#[test]
fn while_it_is_paused_the_rows_stay_and_the_header_goes_on() {
    let mut stage = Stage::busy(SMALL);
    let table = |stage: &Stage| stage.lines()[6..20].to_vec();
    let before = table(&stage);
    stage.press(KeyCode::Char(' '));
    let mut others = busy(60);
    others.flows.reverse();
    stage.later(others);
    assert_eq!(table(&stage), before);
    assert!(stage.lines()[4].ends_with("PAUSED 12:00:30Z"));
    let mut status = super::sample::status();
    status.generation = 8;
    stage.tell(crate::tui::input::Input::Status(Box::new(status)));
    assert!(stage.lines()[0].contains("policy 8"));
    stage.press(KeyCode::Char(' '));
    stage.later(busy(61));
    assert_ne!(table(&stage), before);
}
