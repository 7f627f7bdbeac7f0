//! A model that is told things, and the screen it makes.

use super::sample::{at, busy, status_after};
use crate::control::{Changes, Flows};
use crate::tui::draw::draw;
use crate::tui::input::{Effect, Input, Refused, Wish};
use crate::tui::model::Model;
use crate::tui::reduce::reduce;
use crate::tui::theme::Theme;
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Size;

pub(super) const SMALL: Size = Size::new(80, 24);
pub(super) const LARGE: Size = Size::new(140, 40);

pub(super) const COLOURED: Theme = Theme {
    colour: true,
    unicode: true,
};

/// A model, and the moment it is at.
pub(super) struct Stage {
    model: Option<Model>,
    pub(super) now: Timestamp,
    pub(super) effects: Vec<Effect>,
}

impl Stage {
    /// Before anything was heard.
    pub(super) fn empty(size: Size) -> Self {
        Self {
            model: Some(Model::new(size, at(0.0))),
            now: at(0.0),
            effects: Vec::new(),
        }
    }

    /// After some seconds of traffic.
    pub(super) fn busy(size: Size) -> Self {
        let mut stage = Self::empty(size);
        for second in 0..=30 {
            stage.now = at(second as f64);
            stage.tell(Input::Status(Box::new(status_after(second))));
            stage.tell(Input::Flows(busy(second)));
        }
        stage
    }

    pub(super) fn model(&self) -> &Model {
        self.model.as_ref().unwrap()
    }

    pub(super) fn tell(&mut self, input: Input) {
        let (model, effects) = reduce(self.model.take().unwrap(), input, self.now);
        let mut model = model;
        model.settle();
        self.model = Some(model);
        self.effects.extend(effects);
    }

    /// Some seconds later, with these flows.
    pub(super) fn later(&mut self, mut flows: Flows) {
        self.now += jiff::SignedDuration::from_secs(1);
        flows.time = self.now;
        self.tell(Input::Flows(flows));
    }

    pub(super) fn changes(&mut self, changes: Vec<crate::control::Change>) {
        self.tell(Input::Changes(Changes { changes }));
    }

    pub(super) fn press(&mut self, code: KeyCode) {
        self.tell(Input::Key(code.into()));
    }

    pub(super) fn control(&mut self, c: char) {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        self.tell(Input::Key(key));
    }

    /// Each character is a key.
    pub(super) fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            self.press(match c {
                '\n' => KeyCode::Enter,
                c => KeyCode::Char(c),
            });
        }
    }

    pub(super) fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        self.tell(Input::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }));
    }

    pub(super) fn click(&mut self, column: u16, row: u16) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row);
    }

    pub(super) fn refused(&mut self, wish: Wish, refused: Refused) {
        self.tell(Input::Answered(wish, Err(refused)));
    }

    /// What was to be done since the last time.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What the first cells of every row say: who or what they are about.
    pub(super) fn subjects(&self) -> Vec<String> {
        let lines = self.lines();
        let rows = self.model().rows.len();
        let body = lines.into_iter().skip(6).take(rows);
        body.map(|line| {
            let line = line.trim_start_matches('>').trim();
            line.split("  ").next().unwrap().trim().to_owned()
        })
        .collect()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let text = self.screen(COLOURED);
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    pub(super) fn buffer(&self, theme: Theme) -> Buffer {
        let size = self.model().size;
        let mut terminal = Terminal::new(TestBackend::new(size.width, size.height)).unwrap();
        let model = self.model();
        let frame = terminal.draw(|frame| draw(model, theme, frame.buffer_mut()));
        frame.unwrap().buffer.clone()
    }

    /// As text: what is there without colours.
    pub(super) fn screen(&self, theme: Theme) -> String {
        let buffer = self.buffer(theme);
        let width = usize::from(buffer.area.width);
        let rows = buffer.content.chunks(width).map(|row| {
            let line: String = row.iter().map(Cell::symbol).collect();
            line.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }
}
