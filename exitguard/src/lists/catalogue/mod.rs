//! Well-known lists that are fit for what clients send out: where they are and what their publishers ask.
//!
//! Only what is said about a list is here, never what is in it. Lists of those who attack servers are not
//! here: almost nothing that a client sends goes to them.

mod table;
#[cfg(test)]
mod tests;

pub use table::ALL;

use super::Named;
use serde::{Serialize, Serializer};

/// How a source in the configuration names one.
pub const SCHEME: &str = "catalogue:";

/// A list that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Known {
    /// What comes after `catalogue:`.
    pub name: &'static str,
    /// What is in it.
    pub what: &'static str,
    /// Where it is downloaded from.
    pub url: &'static str,
    /// What its publisher permits.
    pub licence: &'static str,
    /// Which traffic it is meant for.
    pub direction: Direction,
    /// How much is in it, about.
    pub size: &'static str,
    /// It may be asked for once in so many minutes.
    #[serde(rename = "interval_minutes")]
    pub interval: u32,
    /// How it is written.
    #[serde(serialize_with = "by_name")]
    pub format: Named,
    /// Whether it has times without an entry.
    pub allow_empty: bool,
}

/// Which traffic a list is meant for. Lists for inbound traffic alone are not in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// What goes out.
    Outbound,
    /// What goes out and what comes in.
    Both,
}

impl Direction {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Both => "both",
        }
    }
}

/// The list with this name.
pub fn find(name: &str) -> Option<&'static Known> {
    ALL.iter().find(|known| known.name == name)
}

fn by_name<S: Serializer>(format: &Named, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(format.name())
}
