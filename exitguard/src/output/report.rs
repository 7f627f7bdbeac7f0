//! What is reported beside flows.

use super::flow_report::FlowReport;
use crate::lists::Standing;
use exitguard_common::abi::Stats;
use jiff::Timestamp;
use std::time::Duration;

/// Anything that is reported.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// About a flow, or a packet.
    Flow(Box<FlowReport>),
    /// Counters.
    Stats(Box<StatsReport>),
    /// The guard itself changed.
    State(StateReport),
    /// A list is not as it should be, or is again.
    List(ListReport),
    /// Some reports are missing.
    Lost(LostReport),
}

impl Report {
    /// The guarded interface.
    pub fn interface(&self) -> &str {
        match self {
            Self::Flow(report) => &report.interface,
            Self::Stats(report) => &report.interface,
            Self::State(report) => &report.interface,
            Self::List(report) => &report.interface,
            Self::Lost(report) => &report.interface,
        }
    }
}

/// How it is with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReport {
    /// When.
    pub time: Timestamp,
    /// The guarded interface.
    pub interface: String,
    /// Name of the list.
    pub list: String,
    /// Whether what is in force is what should be.
    pub standing: Standing,
    /// Why not.
    pub why: Option<String>,
    /// How many entries are in force.
    pub entries: usize,
    /// Seconds since these were accepted.
    pub age: Option<i64>,
}

/// Counters since the state maps were made, which a restart does not reset.
#[derive(Clone, Debug, PartialEq)]
pub struct StatsReport {
    /// When.
    pub time: Timestamp,
    /// The guarded interface.
    pub interface: String,
    /// How long the daemon runs.
    pub uptime: Duration,
    /// Flows that are known and not over.
    pub flows: usize,
    /// The kernel's counters.
    pub kernel: Stats,
    /// Flows that each list denied, or would have.
    pub list_hits: Vec<(String, u64)>,
    /// Reports that the reader was too slow for.
    pub reports_lost: u64,
    /// Number of the policy.
    pub generation: u32,
}

/// The guard itself changed.
#[derive(Clone, Debug, PartialEq)]
pub struct StateReport {
    /// When.
    pub time: Timestamp,
    /// The guarded interface.
    pub interface: String,
    /// What happened.
    pub event: StateEvent,
    /// Number of the policy in force, or 0.
    pub generation: u32,
    /// `observe` or `enforce`.
    pub mode: &'static str,
    /// More about it, for people.
    pub message: String,
}

/// What can happen to the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateEvent {
    /// It waits for its interface.
    Waiting,
    /// A policy is in force.
    Started,
    /// Another policy is in force.
    Reloaded,
    /// Another policy was to be put in force and was not; the old one is.
    ReloadFailed,
    /// Its interface is gone, and with it everything that could pass.
    InterfaceLost,
    /// Its interface is back and guarded again.
    InterfaceBack,
    /// Its interface is there and could not be guarded.
    Unprotected,
    /// Somebody opened the gate, and it is closed again.
    GateRestored,
    /// The gate could not be closed.
    NoGate,
    /// Nobody can ask the daemon: its control socket could not be made.
    NoSocket,
    /// Nobody can scrape metrics: nothing could be listened at.
    NoMetrics,
    /// Events are missing in their file: it could not be written.
    NoEventFile,
    /// They are written to their file again.
    EventFileBack,
    /// A change is missing in the audit log: it could not be written.
    NoAudit,
    /// An operator changed what is in force, or such a change is over.
    Changed,
    /// Another configuration is in force on trial.
    Applied,
    /// It stays.
    Confirmed,
    /// It does not: the one before is in force again.
    RolledBack,
    /// What is changed at run time cannot be kept, or was not.
    NoChanges,
    /// What clients are seen to do cannot be kept, or was not.
    NoObserved,
    /// The daemon stops. What is in force stays.
    Stopped,
}

impl StateEvent {
    /// The name in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Started => "started",
            Self::Reloaded => "reloaded",
            Self::ReloadFailed => "reload_failed",
            Self::InterfaceLost => "interface_lost",
            Self::InterfaceBack => "interface_back",
            Self::Unprotected => "unprotected",
            Self::GateRestored => "gate_restored",
            Self::NoGate => "no_gate",
            Self::NoSocket => "no_socket",
            Self::NoMetrics => "no_metrics",
            Self::NoEventFile => "no_event_file",
            Self::EventFileBack => "event_file_back",
            Self::NoAudit => "no_audit",
            Self::Changed => "changed",
            Self::Applied => "applied",
            Self::Confirmed => "confirmed",
            Self::RolledBack => "rolled_back",
            Self::NoChanges => "no_changes",
            Self::NoObserved => "no_observed",
            Self::Stopped => "stopped",
        }
    }
}

/// Reports that are missing before this one.
#[derive(Clone, Debug, PartialEq)]
pub struct LostReport {
    /// When it was noticed.
    pub time: Timestamp,
    /// The guarded interface.
    pub interface: String,
    /// Events the kernel had no room for, or over its rate bound.
    pub kernel: u64,
    /// Reports that the reader was too slow for.
    pub output: u64,
    /// Events that are missing in their file.
    pub file: u64,
}
