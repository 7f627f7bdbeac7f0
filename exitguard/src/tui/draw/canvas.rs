//! Text at places.

use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::{Block, Clear, Widget};

/// A buffer, and how things look on it.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    pub(super) theme: Theme,
}

impl<'a> Canvas<'a> {
    pub(super) const fn new(buffer: &'a mut Buffer, theme: Theme) -> Self {
        Self { buffer, theme }
    }

    pub(super) const fn area(&self) -> Rect {
        self.buffer.area
    }

    /// As much of a text as there is room for on its line; where the next one goes.
    pub(super) fn put(&mut self, x: u16, y: u16, text: &str, style: Style) -> u16 {
        let width = self.buffer.area.right().saturating_sub(x);
        self.put_in(x, y, width, text, style)
    }

    /// As much of a text as fits into so many cells, with a sign where something is missing; where the next one goes.
    pub(super) fn put_in(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if x >= area.right() || y >= area.bottom() || width == 0 {
            return x;
        }
        let is_cut = Span::raw(text).width() > width.into();
        let room = if is_cut { width - 1 } else { width };
        let (end, _) = self.buffer.set_stringn(x, y, text, room.into(), style);
        if !is_cut {
            return end;
        }
        let (end, _) = self
            .buffer
            .set_stringn(end, y, self.theme.ellipsis(), 1, style);
        end
    }

    /// A text that ends where its cells end.
    pub(super) fn put_right(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        let length = u16::try_from(Span::raw(text).width()).unwrap_or(width);
        let blank = width.saturating_sub(length);
        self.put_in(x + blank, y, width - blank, text, style);
    }

    /// Changes how an area looks, and not what is in it.
    pub(super) fn style(&mut self, area: Rect, style: Style) {
        self.buffer
            .set_style(area.intersection(self.buffer.area), style);
    }

    /// An empty box with a title; the area inside.
    pub(super) fn frame(&mut self, area: Rect, title: &str) -> Rect {
        let area = area.intersection(self.buffer.area);
        Clear.render(area, self.buffer);
        let block = Block::bordered()
            .border_set(self.theme.frame())
            .title(Span::styled(format!(" {title} "), self.theme.title()));
        let inner = block.inner(area);
        block.render(area, self.buffer);
        inner
    }

    /// A box in the middle.
    pub(super) fn window(&mut self, width: u16, height: u16, title: &str) -> Rect {
        let all = self.buffer.area;
        let (width, height) = (width.min(all.width), height.min(all.height));
        let x = (all.width - width) / 2;
        let y = (all.height - height) / 2;
        self.frame(Rect::new(x, y, width, height), title)
    }
}

/// Lines of at most so many characters, broken between words.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + length <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
