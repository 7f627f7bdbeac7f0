//! What is asked and answered.

use exitguard_common::abi::DirectionStats;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of what is said. Changes when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// How it is with the guard.
    Status,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// [`VERSION`].
    pub v: u32,
    /// What was asked for, or why there is none.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer.
    Ok(Box<Status>),
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
    /// Too many ask at once.
    Busy,
    /// The daemon is about to end.
    Ending,
}

impl Reply {
    /// An answer.
    pub fn ok(status: Status) -> Self {
        Self {
            v: VERSION,
            outcome: Outcome::Ok(Box::new(status)),
        }
    }

    /// Why there is none.
    pub fn error(kind: RefusalKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            v: VERSION,
            outcome: Outcome::Error(Refusal { kind, message }),
        }
    }
}

/// How far traffic is under control, right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// What the policy denies is denied.
    Enforcing,
    /// Everything passes; what the policy denies is reported.
    Observing,
    /// The interface is there and something is missing on it: packets pass unjudged.
    Unprotected,
    /// There is no interface, and so no traffic.
    Waiting,
}

impl Protection {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enforcing => "enforcing",
            Self::Observing => "observing",
            Self::Unprotected => "unprotected",
            Self::Waiting => "waiting",
        }
    }
}

/// How it is with the guard. Counters count since the kernel's state was made, which a restart does not reset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the daemon.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub started: Timestamp,
    /// The guarded interface.
    pub interface: String,
    /// Its index.
    pub device: Option<u32>,
    /// How programs are attached: `tcx`, `clsact` or `xdp`.
    pub attached_by: Option<String>,
    /// How far traffic is under control: asked of the kernel for this answer.
    pub protection: Protection,
    /// Why, if it is not as it should be.
    pub reason: Option<String>,
    /// `observe` or `enforce`.
    pub mode: String,
    /// `open` or `closed`: what is wanted for the time without programs.
    pub fail: String,
    /// Whether the gate is closed: asked of the kernel for this answer.
    pub gate_closed: bool,
    /// Number of the policy in force; 0 for none.
    pub generation: u32,
    /// Since when.
    pub policy_since: Option<Timestamp>,
    /// Why the last reload changed nothing, if so.
    pub reload_error: Option<String>,
    /// For how long packets could pass unjudged since the daemon started, in seconds: from when the daemon found an
    /// interface without its programs until they were back.
    pub unprotected_seconds: f64,
    /// Rules of clients.
    pub clients: usize,
    /// The lists.
    pub lists: Vec<ListStatus>,
    /// Flows that are known and not over.
    pub flows: usize,
    /// What clients sent.
    pub outbound: Traffic,
    /// What came for them.
    pub inbound: Traffic,
    /// Denied packets by reason.
    pub denied_pkts: BTreeMap<String, u64>,
    /// Packets that passed only because mode or list observe, by reason.
    pub would_deny_pkts: BTreeMap<String, u64>,
    /// Events that the kernel lost.
    pub lost_kernel: u64,
    /// Reports that the reader of the daemon's output was too slow for.
    pub lost_output: u64,
}

/// A list in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListStatus {
    /// Its name.
    pub name: String,
    /// `deny` or `observe`.
    pub action: String,
    /// `current`, `stale`, `held`, `last_good` or `missing`, as in events.
    pub state: String,
    /// Why, if it is not current.
    pub reason: Option<String>,
    /// Prefixes in the kernel.
    pub entries: usize,
    /// Flows that it denied, or would have.
    pub hits: u64,
}

/// Packets and bytes of a direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Packets that passed.
    pub pkts: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packets that were denied.
    pub denied_pkts: u64,
    /// Their bytes.
    pub denied_bytes: u64,
}

impl From<&DirectionStats> for Traffic {
    fn from(stats: &DirectionStats) -> Self {
        Self {
            pkts: stats.passed.pkts,
            bytes: stats.passed.bytes,
            denied_pkts: stats.denied.pkts,
            denied_bytes: stats.denied.bytes,
        }
    }
}
