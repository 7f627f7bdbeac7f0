//! What is known about flows, in userspace: a pure reducer.
//!
//! Kernel events and snapshots of the flow table go in, [`Record`]s for people come out, and keys that the
//! kernel can forget. No clock, no I/O: the caller brings the time.

#[cfg(test)]
mod tests;
mod timeout;
mod tracker;

pub use timeout::{Idle, idle_timeout_ns};
pub use tracker::{EndReason, Output, Record, RecordKind, Tracker};
