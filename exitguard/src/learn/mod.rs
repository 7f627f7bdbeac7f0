//! From observing to enforcing: what clients did, added up, and the rules that permit it.
//!
//! [`Tallies`] counts the flows that clients open, and outlives the daemon in a file ([`save`], [`load`]). [`Proposal`]
//! makes rules of what was counted, for a person to look at. All but the file is pure.

mod file;
mod proposal;
mod rule;
mod runs;
mod select;
mod tallies;
mod tally;
#[cfg(test)]
mod tests;
mod text;

pub use file::{FileError, load, path_beside, save, set_aside};
pub use proposal::Proposal;
pub use select::Select;
pub use tallies::{MAX_ROWS, Tallies};
pub use tally::MAX_DESTINATIONS;
