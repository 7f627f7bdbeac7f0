//! The line between tabs and table: the steps down and the filter; and what is wrong with a filter.

use super::Places;
use super::canvas::Canvas;
use crate::tui::model::Model;
use crate::tui::units;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

const PROMPT: &str = "filter: ";

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let y = area.y;
    if let Some(since) = model.paused {
        let text = format!("PAUSED {}", units::clock(since));
        let width = area.width.saturating_sub(1);
        canvas.put_right(0, y, width, &text, theme.warning());
    }
    if let Some(typing) = &model.search.typing {
        let start = canvas.put(1, y, PROMPT, theme.title());
        canvas.put(start, y, &typing.text, Style::new());
        let cursor = start + width(typing.before_cursor());
        canvas.style(Rect::new(cursor, y, 1, 1), theme.selected());
        return;
    }
    let mut x = 1;
    for (place, step) in model.way.iter().enumerate() {
        if place > 0 {
            x = canvas.put(x, y, theme.step(), theme.faint());
        }
        x = canvas.put(x, y, &step.label(), theme.title());
    }
    if !model.search.text.is_empty() {
        let gap = if model.way.is_empty() { 0 } else { 2 };
        x = canvas.put(x + gap, y, PROMPT, theme.title());
        canvas.put(x, y, &model.search.text, Style::new());
    }
}

/// Over the first rows: they are back with the next key.
pub(super) fn draw_error(model: &Model, places: Places, canvas: &mut Canvas<'_>) {
    let Some(error) = model.search.typing.as_ref().and_then(|typing| {
        let error = typing.error.as_ref()?;
        Some((typing, error))
    }) else {
        return;
    };
    let (typing, error) = error;
    let theme = canvas.theme;
    let span = error.span();
    let before = typing.text.get(..span.start).map_or(0, width);
    let within = typing.text.get(span).map_or(0, width).max(1);
    let Rect { x, y, width, .. } = places.heading;
    let blank = " ".repeat(width.into());
    for line in 0..3 {
        canvas.put(x, y + line, &blank, Style::reset());
    }
    let start = 1 + u16::try_from(PROMPT.len()).unwrap_or_default() + before;
    canvas.put(start, y, &"^".repeat(within.into()), theme.warning());
    canvas.put(1, y + 1, error.message(), theme.warning());
    canvas.put(1, y + 2, error.hint(), theme.faint());
}

fn width(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}
