//! What people and programs get to read: reports, and their two renderings.
//!
//! A [`Report`] is a value with every name looked up and every time on the wall clock. [`json`] and [`text`]
//! render it, and say the same facts. [`Sink`] hands reports to a reader without ever making the daemon wait.

mod clock;
mod event_file;
mod flow_report;
mod journal;
pub mod json;
mod log_file;
mod report;
mod sink;
#[cfg(test)]
mod tests;
pub mod text;

pub use clock::WallClock;
pub use event_file::{EventFile, FileNews};
pub use flow_report::{DropReport, FlowReport, Naming};
pub use journal::is_journal;
pub use log_file::LogFile;
pub use report::{ListReport, LostReport, Report, StateEvent, StateReport, StatsReport};
pub use sink::{Lines, Reader, Sink};
pub use text::{bytes, endpoint, protocol};

use serde::{Deserialize, Serialize};

/// How reports are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// An aligned line.
    Text,
    /// A JSON object a line.
    #[default]
    Json,
}

impl Format {
    /// Renders a report as one line, without its end.
    pub fn render(self, report: &Report) -> String {
        match self {
            Self::Text => text::render(report),
            Self::Json => json::render(report),
        }
    }
}
