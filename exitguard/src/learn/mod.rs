//! From observing to enforcing: what clients did, added up, and the rules that permit it.
//!
//! [`Tallies`] counts the flows that clients open, and outlives the daemon in a [`crate::kept_file`]. [`Proposal`] makes
//! rules of what was counted, for a person to look at. All of it is pure.

mod proposal;
mod rule;
mod runs;
mod select;
mod tallies;
mod tally;
#[cfg(test)]
mod tests;
mod text;

pub use proposal::Proposal;
pub use select::Select;
pub use tallies::{MAX_ROWS, Tallies};
pub use tally::MAX_DESTINATIONS;

use std::path::{Path, PathBuf};

/// Where what was observed is kept: beside what is changed at run time, and never in the same file.
pub fn path_beside(changes: &Path) -> PathBuf {
    changes.with_extension("observed.json")
}
