//! Counters of the kernel programs, one copy a CPU, summed by userspace.

use super::{Counters, Reason};
use crate::packet::ParseError;

/// What happened to packets in one direction.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectionStats {
    /// Passed, the ones only observed included.
    pub passed: Counters,
    /// Denied.
    pub denied: Counters,
}

/// All counters.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Client to world.
    pub outbound: DirectionStats,
    /// World to client.
    pub inbound: DirectionStats,
    /// Denied packets by [`Reason`], both directions.
    pub denied_pkts: [u64; Reason::SLOTS],
    /// Packets that passed only because the mode is `observe`, by [`Reason`].
    pub would_deny_pkts: [u64; Reason::SLOTS],
    /// Packets that could not be parsed, by [`ParseError`], both directions.
    pub malformed_pkts: [u64; ParseError::SLOTS],
    /// Events that did not fit into the ring or over the rate bound.
    pub events_lost: u64,
    /// Flows that could not be entered into the table; their packets are judged one by one.
    pub flows_untracked: u64,
    /// Denied packets answered.
    pub replies_sent: u64,
    /// Denied packets that would have been answered, but for the rate bound or their shape.
    pub replies_withheld: u64,
}
