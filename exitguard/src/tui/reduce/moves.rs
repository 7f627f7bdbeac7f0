//! From row to row, from tab to tab, down and back.

use crate::tui::draw::places;
use crate::tui::model::{Key, Model, Step, Tab, Taken, fit, is_descending_first};

/// The rows that fit on the screen.
pub(super) fn page(model: &Model) -> usize {
    places(model.size, model.with_detail).rows().max(1)
}

pub(super) fn down(model: &mut Model, by: usize) {
    let target = match model.view().selected {
        Some(_) => model.view().index.saturating_add(by),
        // The first key selects a row, and says which by that.
        None => model.view().offset,
    };
    select(model, target);
}

pub(super) fn up(model: &mut Model, by: usize) {
    let target = match model.view().selected {
        Some(_) => model.view().index.saturating_sub(by),
        None => model.view().offset,
    };
    select(model, target);
}

pub(super) fn select(model: &mut Model, index: usize) {
    let index = index.min(model.rows.len().saturating_sub(1));
    let key = model.rows.get(index).map(|row| row.key.clone());
    let view = model.view_mut();
    view.selected = key;
    view.index = index;
    model.keep_in_sight();
}

/// Without moving the selection, unless it would get out of sight.
pub(super) fn scroll(model: &mut Model, by: isize) {
    let rows = page(model);
    let last = model.rows.len().saturating_sub(rows);
    let view = model.view_mut();
    view.offset = view.offset.saturating_add_signed(by).min(last);
    if view.selected.is_some() {
        let bottom = view.offset + rows - 1;
        let index = view.index.clamp(view.offset, bottom);
        select(model, index);
    }
}

pub(super) fn go_to(model: &mut Model, tab: Tab) {
    model.tab = tab;
    model.sort();
}

pub(super) fn sort_by_next(model: &mut Model, before: bool) {
    let columns = fit(model.tab, model.size.width);
    let current = columns
        .iter()
        .position(|(shape, ..)| shape.column == model.view().column);
    let last = columns.len().saturating_sub(1);
    let next = match (current, before) {
        (Some(0), true) | (None, _) => last,
        (Some(at), true) => at - 1,
        (Some(at), false) if at == last => 0,
        (Some(at), false) => at + 1,
    };
    if let Some((shape, ..)) = columns.get(next) {
        let view = model.view_mut();
        view.column = shape.column;
        view.descending = is_descending_first(shape.column);
        model.sort();
    }
}

pub(super) fn reverse(model: &mut Model) {
    let view = model.view_mut();
    view.descending = !view.descending;
    model.sort();
}

/// One step down, or what there is to know about the row.
pub(super) fn enter(model: &mut Model) {
    let Some(row) = model.selected() else {
        return down(model, 1);
    };
    let key = row.key.clone();
    let (step, to) = match &key {
        Key::Client(address) => {
            let name = model.flow_of(row).and_then(|flow| flow.client_name.clone());
            let address = *address;
            (Step::Client { address, name }, Tab::Destinations)
        }
        Key::Destination(address) => (Step::Destination(*address), Tab::Flows),
        Key::Port(protocol, port) => (Step::Port(*protocol, *port), Tab::Flows),
        Key::List(name) => (Step::List(name.clone()), Tab::Denied),
        Key::Flow(_) | Key::Denied { .. } | Key::Event(_) => {
            model.with_detail = !model.with_detail;
            model.keep_in_sight();
            return;
        }
    };
    model.taken.push(Taken {
        from: model.tab,
        selected: Some(key),
    });
    model.way.push(step);
    model.tab = to;
    let view = model.view_mut();
    view.selected = None;
    view.index = 0;
    view.offset = 0;
    model.sort();
}

/// One step back: the pane first, then the way, the filter and the selection.
pub(super) fn back(model: &mut Model) {
    if model.with_detail {
        model.with_detail = false;
        model.keep_in_sight();
    } else if let Some(taken) = model.taken.pop() {
        model.way.pop();
        model.tab = taken.from;
        model.view_mut().selected = taken.selected;
        model.sort();
    } else if !model.search.text.is_empty() {
        model.search.clear();
        model.sort();
    } else {
        model.view_mut().selected = None;
    }
}
