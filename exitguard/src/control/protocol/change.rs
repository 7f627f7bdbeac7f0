//! Changes at run time.

use crate::diagnostic::printable;
use crate::policy::short;
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// What is in force beside the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// By number.
    pub changes: Vec<Change>,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Denies a destination.
    Block,
    /// No list and no LAN guard stops a destination; the port allowlist still applies.
    Allow,
    /// Denies everything but established connections to this host.
    Lockdown,
}

impl ChangeKind {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Allow => "allow",
            Self::Lockdown => "lockdown",
        }
    }
}

/// A change that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewChange {
    /// What it does.
    pub kind: ChangeKind,
    /// Of a block or an allow: the destination, an address or a prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The client, by address, prefix or name; left out: every client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// For how many seconds; left out: until it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Where the session of whoever asks comes from, which is not to be cut by accident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<IpAddr>,
    /// Even if it cuts what this host needs.
    #[serde(default, skip_serializing_if = "is_false")]
    pub force: bool,
}

/// A change in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its number, which no later one gets.
    pub id: u32,
    /// What it does.
    pub kind: ChangeKind,
    /// Of a block or an allow: the destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<IpNet>,
    /// The client as it was named; nothing for every client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Its addresses; nothing for every client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<IpNet>,
    /// Since when.
    pub since: Timestamp,
    /// Until when; nothing: until it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who made it.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

impl fmt::Display for Change {
    /// For one line, on a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.id)?;
        if let Some(destination) = self.destination {
            write!(f, " of {}", short(destination))?;
        }
        match &self.client {
            Some(client) => write!(f, " for {}", printable(client))?,
            None => f.write_str(" for every client")?,
        }
        match self.until {
            Some(until) => write!(f, " until {until:.0}")?,
            None => f.write_str(" until it is taken back")?,
        }
        if !self.comment.is_empty() {
            write!(f, " ({})", printable(&self.comment))?;
        }
        Ok(())
    }
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The change that was made or taken back.
    pub change: Change,
    /// Number of the policy that is in force now.
    pub generation: u32,
    /// Open flows that it concerns.
    pub flows: usize,
    /// `observe` or `enforce`: a block denies only when the policy is enforced.
    pub mode: String,
}

const fn is_false(value: &bool) -> bool {
    !*value
}
