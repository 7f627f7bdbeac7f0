//! The mouse: tabs, columns, rows and the wheel.

use super::moves;
use crate::tui::draw::{places, tab_at};
use crate::tui::model::{Model, fit, is_descending_first};
use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// Rows that the wheel moves by.
const WHEEL: isize = 3;

pub(super) fn moved(model: &mut Model, mouse: MouseEvent) {
    // Questions are answered by keys: a click beside one must not change anything.
    if model.dialog.is_some() || model.search.typing.is_some() {
        return;
    }
    match mouse.kind {
        MouseEventKind::ScrollDown => moves::scroll(model, WHEEL),
        MouseEventKind::ScrollUp => moves::scroll(model, -WHEEL),
        MouseEventKind::Down(MouseButton::Left) if model.with_help => model.with_help = false,
        MouseEventKind::Down(MouseButton::Left) => {
            clicked(model, Position::new(mouse.column, mouse.row));
        }
        _ => {}
    }
}

fn clicked(model: &mut Model, at: Position) {
    let places = places(model.size, model.with_detail);
    if places.tabs.contains(at) {
        if let Some(tab) = tab_at(at.x) {
            moves::go_to(model, tab);
        }
    } else if places.heading.contains(at) {
        let columns = fit(model.tab, model.size.width);
        let found = columns
            .iter()
            .find(|(_, x, width)| (*x..x + width).contains(&at.x));
        let Some((shape, ..)) = found else {
            return;
        };
        let view = model.view_mut();
        if view.column == shape.column {
            view.descending = !view.descending;
        } else {
            view.column = shape.column;
            view.descending = is_descending_first(shape.column);
        }
        model.sort();
    } else if places.body.contains(at) {
        let index = model.view().offset + usize::from(at.y - places.body.y);
        let Some(row) = model.rows.get(index) else {
            return;
        };
        if model.view().selected.as_ref() == Some(&row.key) {
            moves::enter(model);
        } else {
            moves::select(model, index);
        }
    }
}
