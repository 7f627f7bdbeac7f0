//! The model on a screen. Reads, and changes nothing.
//!
//! Every part has its place whatever there is to show, so that nothing moves when something is missing.

mod canvas;
mod cells;
mod detail;
mod dialog;
mod footer;
mod header;
mod help;
mod table;
mod way;

use super::model::{Model, Tab};
use super::theme::Theme;
use canvas::Canvas;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

pub(crate) use header::tab_at;

/// Smaller screens show only a sentence.
pub(crate) const SMALLEST: Size = Size::new(80, 24);

/// Lines of the detail pane, with its frame.
const DETAIL: u16 = 11;

/// Where everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// Interface, protection and policy; throughput; counters.
    pub(crate) header: Rect,
    pub(crate) tabs: Rect,
    /// The steps down, and the filter.
    pub(crate) way: Rect,
    /// Names of columns.
    pub(crate) heading: Rect,
    /// Rows.
    pub(crate) body: Rect,
    pub(crate) detail: Rect,
    /// What came of something.
    pub(crate) message: Rect,
    pub(crate) keys: Rect,
}

impl Places {
    /// How many rows are shown.
    pub(crate) fn rows(&self) -> usize {
        self.body.height.into()
    }
}

/// Where everything is on a screen.
pub(crate) fn places(size: Size, with_detail: bool) -> Places {
    const HEADER: u16 = 3;
    const FOOTER: u16 = 2;
    let Size { width, height } = size;
    let line = |y, height| Rect::new(0, y, width, height);
    let detail = if with_detail { DETAIL } else { 0 };
    let above = HEADER + 3;
    let body = height.saturating_sub(above + detail + FOOTER);
    Places {
        header: line(0, HEADER),
        tabs: line(HEADER, 1),
        way: line(HEADER + 1, 1),
        heading: line(HEADER + 2, 1),
        body: line(above, body),
        detail: line(above + body, detail),
        message: line(height.saturating_sub(2), 1),
        keys: line(height.saturating_sub(1), 1),
    }
}

/// Draws all of it.
pub(crate) fn draw(model: &Model, theme: Theme, buffer: &mut Buffer) {
    let size = buffer.area.as_size();
    let mut canvas = Canvas::new(buffer, theme);
    if size.width < SMALLEST.width || size.height < SMALLEST.height {
        let Size { width, height } = SMALLEST;
        canvas.put(
            0,
            0,
            &format!("too small: needs {width}x{height}, has {size}"),
            theme.strong(),
        );
        canvas.put(0, 1, "q ends", theme.faint());
        return;
    }
    let places = places(size, model.with_detail);
    header::draw(model, places, &mut canvas);
    way::draw(model, places.way, &mut canvas);
    table::draw(model, places, &mut canvas);
    if model.with_detail {
        detail::draw(model, places.detail, &mut canvas);
    }
    footer::draw(model, places, &mut canvas);
    if is_old(model) {
        // What is shown was true once.
        for area in [places.header, places.heading, places.body, places.detail] {
            let rest = if area == places.header {
                Rect::new(area.x, area.y + 1, area.width, area.height - 1)
            } else {
                area
            };
            canvas.style(rest, theme.faint());
        }
    }
    way::draw_error(model, places, &mut canvas);
    if model.with_help {
        help::draw(model, &mut canvas);
    }
    if let Some(dialog) = &model.dialog {
        dialog::draw(dialog, model, &mut canvas);
    }
}

fn is_old(model: &Model) -> bool {
    matches!(model.link, super::model::Link::Lost { .. })
}

/// The place of a tab's label: first cell and width.
fn label(tab: Tab) -> (u16, u16) {
    let width = |tab: Tab| u16::try_from(tab.title().len() + 4).unwrap_or_default();
    let before = Tab::ALL.iter().take(tab.index()).map(|tab| width(*tab));
    (before.sum(), width(tab))
}
