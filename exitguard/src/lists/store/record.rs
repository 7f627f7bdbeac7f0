//! What is known about a list: the state file.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is known about a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Where it was last asked for.
    pub url: String,
    /// The version that is in force.
    pub accepted: Option<Version>,
    /// A newer one that is not, for a person to look at.
    pub held: Option<Held>,
    /// When the server was asked last.
    pub checked_at: Option<Timestamp>,
    /// Whether it then had what is in force already.
    pub unchanged: bool,
    /// Why that failed, if it did.
    pub error: Option<String>,
    /// How often it failed since it last succeeded.
    pub fails: u32,
    /// When the server may be asked again, after it failed.
    pub not_before: Option<Timestamp>,
    /// When what is in force was last known to be the newest there is.
    #[serde(default)]
    pub fresh_at: Option<Timestamp>,
}

/// A version of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Where it came from. Everything below says nothing about other places.
    pub url: String,
    /// How the server calls this version.
    pub etag: Option<String>,
    /// When the server says it was made.
    pub last_modified: Option<String>,
    /// Of its body.
    pub sha256: String,
    /// How many there are of what.
    pub counts: Counts,
    /// When it was accepted, or first seen.
    pub accepted_at: Timestamp,
    /// How it is written, if there was anything to find that out from.
    #[serde(default)]
    pub format: Option<String>,
    /// What it blocks.
    #[serde(default)]
    pub covered: Option<Covered>,
}

/// How much of the address space is blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// IPv4 addresses.
    pub v4: u64,
    /// IPv6 networks of /64, wholly or in part.
    pub v6: u64,
}

/// How many there are of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Prefixes.
    pub prefixes: usize,
    /// Names.
    pub domains: usize,
    /// Of the prefixes and names, in an order of their own: two bodies with the same mean the same.
    pub set_sha256: String,
}

impl Counts {
    /// Everything.
    pub const fn entries(&self) -> usize {
        self.prefixes + self.domains
    }
}

/// A version that is not put in force by itself, or not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Why.
    pub reason: Reason,
    /// Since when the list has about this size.
    pub first_seen: Timestamp,
    /// In how many updates it had.
    pub times: u32,
    /// Its size in the first of them.
    pub first_entries: usize,
    /// The newest of them.
    pub version: Version,
}

/// Why a version is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// It has no entry.
    Empty,
    /// It lost more than half.
    Shrunk {
        /// Entries in force.
        from: usize,
        /// Entries it has.
        to: usize,
    },
    /// It has more than four times as many.
    Grown {
        /// Entries in force.
        from: usize,
        /// Entries it has.
        to: usize,
    },
    /// It is written in another way.
    Format {
        /// The format of what is in force.
        from: String,
        /// The format it has.
        to: String,
    },
    /// It covers less than half of the addresses.
    Narrowed {
        /// Of what family.
        of: Family,
        /// What is covered.
        from: u64,
        /// What it covers.
        to: u64,
    },
    /// It covers more than four times the addresses.
    Widened {
        /// Of what family.
        of: Family,
        /// What is covered.
        from: u64,
        /// What it covers.
        to: u64,
    },
}

/// What is counted of a family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// IPv4 addresses.
    Ipv4,
    /// IPv6 networks of /64.
    Ipv6,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "IPv4 addresses",
            Self::Ipv6 => "IPv6 networks of /64",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::Shrunk { from, to } => write!(f, "it shrank from {from} entries to {to}"),
            Self::Grown { from, to } => write!(f, "it grew from {from} entries to {to}"),
            Self::Format { from, to } => write!(f, "its format was {from} and is {to}"),
            Self::Narrowed { of, from, to } => write!(f, "it covered {from} {of} and covers {to}"),
            Self::Widened { of, from, to } => write!(f, "it covered {from} {of} and covers {to}"),
        }
    }
}

/// How it is with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The newest version is in force.
    Ok,
    /// The same, and it is not new.
    Unchanged,
    /// A newer version is held.
    Held,
    /// The last try failed.
    Failed,
    /// For a long time, nobody knew whether what is in force is the newest.
    Stale,
    /// Nobody tried yet.
    Never,
}

impl Record {
    /// When what is in force was last known to be the newest there is.
    pub fn fresh_at(&self) -> Option<Timestamp> {
        let accepted_at = self.accepted.as_ref().map(|version| version.accepted_at);
        self.fresh_at.max(accepted_at)
    }

    /// How it is with the list, when its address is `url`.
    pub fn state(&self, url: &str) -> State {
        if self.url != url || self.checked_at.is_none() {
            State::Never
        } else if self.error.is_some() {
            State::Failed
        } else if self.held.is_some() {
            State::Held
        } else if self.unchanged {
            State::Unchanged
        } else {
            State::Ok
        }
    }
}
