//! The audit log: who changed what, one JSON object a line.
//!
//! It is written after the change, and never in its way: a line that cannot be written is told by an event instead.

mod entry;
mod log;
#[cfg(test)]
mod tests;

pub use entry::{Action, Entry, VERSION, Via};
pub use log::{AuditError, AuditLog};

/// Where the log is, if the configuration does not say.
pub const DEFAULT_PATH: &str = "/var/log/exitguard/audit.jsonl";
