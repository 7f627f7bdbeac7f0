//! The table of a tab.

use super::Places;
use super::canvas::Canvas;
use super::cells::cell;
use crate::tui::model::{Link, Model, Tab, fit};
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) fn draw(model: &Model, places: Places, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let Places { heading, body, .. } = places;
    let view = model.view();
    let columns = fit(model.tab, body.width);
    for (shape, x, width) in &columns {
        let is_sorted = shape.column == view.column;
        let arrow = theme.arrow(view.descending);
        let title = match (is_sorted, shape.is_number) {
            (true, true) => format!("{arrow}{}", shape.title),
            (true, false) => format!("{}{arrow}", shape.title),
            (false, _) => shape.title.to_owned(),
        };
        let style = if is_sorted {
            theme.title()
        } else {
            theme.strong()
        };
        if shape.is_number {
            canvas.put_right(*x, heading.y, *width, &title, style);
        } else {
            canvas.put_in(*x, heading.y, *width, &title, style);
        }
    }
    if model.rows.is_empty() {
        canvas.put(2, body.y, nothing(model), theme.faint());
        return;
    }
    let rows = model.rows.iter().enumerate().skip(view.offset);
    for (y, (index, row)) in (body.y..body.bottom()).zip(rows) {
        let is_selected = view.selected.is_some() && index == view.index;
        for (shape, x, width) in &columns {
            let (text, style) = cell(model, row, shape.column, theme);
            if shape.is_number {
                canvas.put_right(*x, y, *width, &text, style);
            } else {
                canvas.put_in(*x, y, *width, &text, style);
            }
        }
        if is_selected {
            canvas.put(body.x, y, ">", Style::new());
            canvas.style(Rect::new(body.x, y, body.width, 1), theme.selected());
        }
    }
}

/// Why there are no rows.
fn nothing(model: &Model) -> &'static str {
    let is_limited = !model.way.is_empty() || !model.search.text.is_empty();
    match model.tab {
        Tab::Lists if model.status.is_some() => "no list is configured",
        Tab::Events if model.link == Link::Up && is_limited => {
            "no event matches yet; Esc takes the filter away"
        }
        Tab::Events if model.link == Link::Up => "no events yet",
        Tab::Denied if model.has_flows && !is_limited => "nothing is denied",
        _ if model.has_flows && is_limited => "nothing matches; Esc takes the filter away",
        _ if model.has_flows => "no flows",
        _ => "waiting for the daemon",
    }
}
