//! What can come, and what is to be done about it.

use super::model::Event;
use crate::control::{Changed, Changes, Flows, NewChange, RefusalKind, Status};
use ratatui::crossterm::event::{KeyEvent, MouseEvent};

/// What can come.
#[derive(Debug)]
pub(crate) enum Input {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Resize(u16, u16),
    Status(Box<Status>),
    Flows(Flows),
    Changes(Changes),
    /// From here on events come, by the number of who asked for them; those before are told again.
    Events(u64),
    /// Something happened, by the number of who asked for it.
    Event(u64, Event),
    /// Events cannot be had.
    NoEvents(u64, String),
    /// What came of a wish.
    Answered(Wish, Result<Box<Changed>, Refused>),
    /// The daemon does not answer any more.
    Lost {
        why: String,
        guarded: Option<bool>,
    },
    /// Somebody wants it to end.
    Quit,
    /// A thread is gone that should not be.
    Broken,
}

/// What the daemon is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Change(NewChange),
    Revert(u32),
}

/// It did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Nothing if it was not the daemon that said no.
    pub(crate) kind: Option<RefusalKind>,
    pub(crate) message: String,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Quit,
    Wish(Wish),
    /// Whether anybody wants to see flows.
    WantFlows(bool),
    /// Which events are wanted from now on, by which number.
    WantEvents {
        number: u64,
        /// All that it matches; nothing: none at all.
        filter: Option<String>,
    },
}
