//! What happened, as far as it is kept.

use super::row::{Key, Row};
use jiff::Timestamp;
use std::collections::VecDeque;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// When.
    pub(crate) time: Timestamp,
    /// In words, on one line and harmless for a terminal.
    pub(crate) text: String,
    /// Whether something was denied.
    pub(crate) is_denied: bool,
}

/// The last events, each with a number that no other gets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    first: u64,
    kept: VecDeque<Event>,
}

impl Events {
    /// More than anybody scrolls through.
    const ROOM: usize = 2_000;

    pub(crate) fn push(&mut self, event: Event) {
        self.kept.push_back(event);
        if self.kept.len() > Self::ROOM {
            self.kept.pop_front();
            self.first += 1;
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Event> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.kept.get(at)
    }
}

impl Events {
    /// A row for each: the daemon left out what is filtered.
    pub(super) fn rows(&self) -> Vec<Row> {
        let numbers = self.first..;
        let rows = numbers.zip(&self.kept).map(|(number, event)| Row {
            last: event.time,
            ..Row::empty(Key::Event(number), 0)
        });
        rows.collect()
    }

    pub(crate) fn clear(&mut self) {
        self.first += self.kept.len() as u64;
        self.kept.clear();
    }
}
