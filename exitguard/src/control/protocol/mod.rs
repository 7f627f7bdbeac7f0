//! What is asked and answered.

mod apply;
mod change;
mod flow;
mod observed;
mod status;
mod watch;

pub use apply::{Applied, Apply};
pub use change::{Change, ChangeKind, Changed, Changes, NewChange};
pub use flow::{Amount, Decided, Flow, FlowState, Flows};
pub use observed::{Observed, ObservedClient, ObservedDestination, ObservedRow};
pub use status::{ListStatus, Protection, Status, Traffic};
pub use watch::{Told, Watch};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// Version of what is said. Changes when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// How it is with the guard: a [`Status`].
    Status,
    /// The flows that the kernel knows: [`Flows`].
    Flows,
    /// What clients were seen to do, added up: [`Observed`].
    Observed,
    /// What happens from now on: an empty answer, and then a [`Told`] a line until one side ends it.
    Watch(Watch),
    /// What was changed at run time and is in force: [`Changes`].
    Changes,
    /// Blocks, allows or locks down: [`Changed`]. For operators.
    Change(NewChange),
    /// Takes a change back: [`Changed`]. For operators.
    Revert {
        /// Number of the change.
        id: u32,
    },
    /// Tries another configuration: [`Applied`]. For root.
    Apply(Apply),
    /// What is on trial stays: [`Applied`]. For root.
    Confirm,
    /// What is on trial goes: [`Applied`]. For root.
    RollBack,
}

/// What somebody has to be to ask for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Able to open the socket.
    Read,
    /// Root, or a member of the group of operators.
    Change,
    /// Root: the daemon would read files for whoever asks.
    Everything,
}

impl Request {
    /// What it takes to ask for it.
    pub const fn right(&self) -> Right {
        match self {
            Self::Status | Self::Flows | Self::Observed | Self::Watch(_) | Self::Changes => {
                Right::Read
            }
            Self::Change(_) | Self::Revert { .. } => Right::Change,
            Self::Apply(_) | Self::Confirm | Self::RollBack => Right::Everything,
        }
    }
}

/// An answer.
#[derive(Debug, Serialize)]
pub struct Reply {
    /// [`VERSION`].
    v: u32,
    /// What was asked for, or why there is none.
    #[serde(flatten)]
    outcome: Outcome,
}

/// What came of a question.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The answer.
    Ok(Box<RawValue>),
    /// None.
    Error(Refusal),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub kind: RefusalKind,
    /// For people.
    pub message: String,
}

/// Why there is no answer, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The question makes no sense.
    BadRequest,
    /// Whoever asks may read and not change.
    NotPermitted,
    /// It would cut what must not be cut; `force` does it all the same.
    Dangerous,
    /// What is named is not there.
    NotFound,
    /// The guard cannot do it now.
    Failed,
    /// Too many ask at once.
    Busy,
    /// The daemon is about to end.
    Ending,
}

impl Reply {
    /// An answer.
    pub fn ok(answer: &impl Serialize) -> Self {
        match to_raw_value(answer) {
            Ok(answer) => Self {
                v: VERSION,
                outcome: Outcome::Ok(answer),
            },
            // Names are strings and numbers are finite in everything that is answered.
            Err(error) => Self::error(RefusalKind::Failed, error.to_string()),
        }
    }

    /// An answer, or why there is none.
    pub fn from_result(result: &Result<impl Serialize, Refusal>) -> Self {
        match result {
            Ok(answer) => Self::ok(answer),
            Err(refusal) => refusal.clone().into(),
        }
    }

    /// The answer, for somebody in the same process.
    ///
    /// # Errors
    /// When there is none.
    pub fn answer<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        match self.outcome {
            Outcome::Ok(answer) => serde_json::from_str(answer.get()).map_err(|error| Refusal {
                kind: RefusalKind::Failed,
                message: error.to_string(),
            }),
            Outcome::Error(refusal) => Err(refusal),
        }
    }

    /// Why there is none.
    pub fn error(kind: RefusalKind, message: impl Into<String>) -> Self {
        Refusal {
            kind,
            message: message.into(),
        }
        .into()
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self {
            v: VERSION,
            outcome: Outcome::Error(refusal),
        }
    }
}
