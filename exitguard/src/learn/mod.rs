//! From observing to enforcing: what clients did, added up, and the rules that permit it.
//!
//! [`Tallies`] counts the flows that clients open, and outlives the daemon in a file ([`save`], [`load`]). [`Proposal`]
//! makes rules of what was counted, for a person to look at. All but the file is pure.

mod file;
mod proposal;
mod rule;
mod tallies;
#[cfg(test)]
mod tests;
mod text;

pub use file::{FileError, load, path_beside, save, set_aside};
pub use proposal::{Proposal, Select};
pub use tallies::{MAX_DESTINATIONS, MAX_ROWS, Tallies};
