//! Configurations on trial.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A configuration to be tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apply {
    /// The file, in the folder of the configuration that is installed.
    pub config: PathBuf,
    /// After how many seconds it is rolled back unless it is confirmed.
    pub seconds: u64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Number of the policy that is in force now.
    pub generation: u32,
    /// When the trial ends, or would have.
    pub until: Timestamp,
}
