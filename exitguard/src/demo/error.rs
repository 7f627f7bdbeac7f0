//! Why the demo could not be shown. What it shows going wrong is no error, but an [`super::Outcome`].

use crate::daemon::DaemonError;
use crate::lab::LabError;
use std::io;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The lab cannot be built.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The sample policy cannot be written.
    #[error("cannot write the sample policy to a directory of its own: {0}")]
    Sample(#[source] io::Error),
    /// The daemon cannot start.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The daemon ended by itself, or never said that its policy is in force.
    #[error("the daemon did not {0}")]
    Silent(&'static str),
}
