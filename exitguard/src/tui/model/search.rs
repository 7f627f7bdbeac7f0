//! The filter, and the line where it is typed.

use crate::control::Flow;
use crate::filter::{Filter, FilterError};

/// The filter in use, and the one that is being typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    /// As it was typed.
    pub(crate) text: String,
    filter: Filter,
    /// While it is typed.
    pub(crate) typing: Option<Typing>,
}

/// A filter that is not finished.
#[derive(Clone, Debug)]
pub(crate) struct Typing {
    pub(crate) text: String,
    /// Where the next character goes, in bytes.
    pub(crate) cursor: usize,
    /// What is wrong with it so far.
    pub(crate) error: Option<FilterError>,
    /// What was in use before.
    before: String,
}

impl Search {
    /// Longer ones nobody can read on one line.
    const ROOM: usize = 256;

    pub(crate) fn finds(&self, flow: &Flow) -> bool {
        self.filter.is_empty() || self.filter.matches(flow)
    }

    /// The filter that was taken last, whatever is typed now.
    pub(crate) fn taken(&self) -> &str {
        self.typing
            .as_ref()
            .map_or(&self.text, |typing| &typing.before)
    }

    pub(crate) fn begin(&mut self) {
        self.typing = Some(Typing {
            text: self.text.clone(),
            cursor: self.text.len(),
            error: None,
            before: self.text.clone(),
        });
    }

    /// Nothing is filtered any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes what was typed, unless it is wrong.
    pub(crate) fn finish(&mut self) {
        if self
            .typing
            .as_ref()
            .is_some_and(|typing| typing.error.is_none())
        {
            self.typing = None;
        }
    }

    /// As if nothing had been typed.
    pub(crate) fn cancel(&mut self) {
        if let Some(typing) = self.typing.take() {
            self.filter = Filter::parse(&typing.before).unwrap_or_default();
            self.text = typing.before;
        }
    }

    pub(crate) fn insert(&mut self, c: char) {
        self.edit(|typing| {
            if !c.is_control() && typing.text.len() + c.len_utf8() <= Self::ROOM {
                typing.text.insert(typing.cursor, c);
                typing.cursor += c.len_utf8();
            }
        });
    }

    pub(crate) fn delete(&mut self) {
        self.edit(|typing| {
            if let Some(last) = typing.before_cursor().chars().next_back() {
                typing.cursor -= last.len_utf8();
                typing.text.remove(typing.cursor);
            }
        });
    }

    pub(crate) fn delete_all(&mut self) {
        self.edit(|typing| {
            typing.text.clear();
            typing.cursor = 0;
        });
    }

    pub(crate) fn left(&mut self) {
        self.edit(|typing| {
            let last = typing.before_cursor().chars().next_back();
            typing.cursor -= last.map_or(0, char::len_utf8);
        });
    }

    pub(crate) fn right(&mut self) {
        self.edit(|typing| {
            let next = typing
                .text
                .get(typing.cursor..)
                .and_then(|rest| rest.chars().next());
            typing.cursor += next.map_or(0, char::len_utf8);
        });
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Typing)) {
        let Some(typing) = &mut self.typing else {
            return;
        };
        edit(typing);
        match Filter::parse(&typing.text) {
            Ok(filter) => {
                typing.error = None;
                self.filter = filter;
                self.text.clone_from(&typing.text);
            }
            // What is in use stays while it is not finished.
            Err(error) => typing.error = Some(error),
        }
    }
}

impl Typing {
    pub(crate) fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }
}
