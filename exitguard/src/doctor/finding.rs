//! What a check says.

use crate::diagnostic::printable;
use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and could be better or be meant otherwise.
    Advice,
    /// Something has to be done.
    Problem,
    /// It could not be found out.
    Unknown,
}

impl State {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Advice => "advice",
            Self::Problem => "PROBLEM",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do, unless all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(name: &'static str, found: impl AsRef<str>) -> Self {
        Self::new(name, State::Ok, found.as_ref(), None)
    }

    pub(super) fn advice(name: &'static str, found: impl AsRef<str>, remedy: &str) -> Self {
        Self::new(name, State::Advice, found.as_ref(), Some(remedy))
    }

    pub(super) fn problem(name: &'static str, found: impl AsRef<str>, remedy: &str) -> Self {
        Self::new(name, State::Problem, found.as_ref(), Some(remedy))
    }

    pub(super) fn unknown(name: &'static str, found: impl AsRef<str>, remedy: &str) -> Self {
        Self::new(name, State::Unknown, found.as_ref(), Some(remedy))
    }

    /// Names of lists, devices and programs, and all that tailscaled says, come from elsewhere.
    fn new(name: &'static str, state: State, found: &str, remedy: Option<&str>) -> Self {
        Self {
            name,
            state,
            found: printable(found),
            remedy: remedy.map(printable),
        }
    }
}
