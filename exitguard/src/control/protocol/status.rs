//! How it is with the guard.

use exitguard_common::abi::DirectionStats;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::Enforcing,
        Self::Observing,
        Self::Unprotected,
        Self::Waiting,
    ];

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
    /// What is in force is on trial, and rolled back then unless it is confirmed.
    pub trial_until: Option<Timestamp>,
    /// For how long packets could pass unjudged since the daemon started, in seconds: from when the daemon found an
    /// interface without its programs until they were back.
    pub unprotected_seconds: f64,
    /// Rules of clients.
    pub clients: usize,
    /// Changes in force that were made while the daemon ran.
    pub changes: usize,
    /// The lists.
    pub lists: Vec<ListStatus>,
    /// Flows that are known and not over.
    pub flows: usize,
    /// Flows that the kernel remembers.
    pub flow_table: u32,
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
    /// Events that are missing in the file of them.
    pub lost_file: u64,
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
    /// Seconds since these were accepted.
    pub age: Option<i64>,
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
