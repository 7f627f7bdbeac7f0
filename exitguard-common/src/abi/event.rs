//! What the kernel programs tell userspace, through the ring buffer.

use super::{FlowKey, FlowState};

/// Kinds of event. Sent on change of state only, never per packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EventKind {
    /// A flow passed its first packet (or its first after having been denied).
    Start = 1,
    /// A flow was denied its first packet (or its first after having been allowed).
    Deny = 2,
    /// TCP ended.
    Close = 3,
    /// A packet that belongs to no flow was denied: malformed, or a fragment of nothing known.
    DenyPacket = 4,
}

/// One event. `flow` is the state right after the packet was counted.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, nanoseconds of `CLOCK_MONOTONIC`.
    pub time_ns: u64,
    /// The flow; for [`EventKind::DenyPacket`] whatever of it could be read, else zeros.
    pub key: FlowKey,
    /// Its state; for [`EventKind::DenyPacket`] only `cached` means something.
    pub flow: FlowState,
    /// IP bytes of the packet as it came (a GSO super-packet is one).
    pub packet_bytes: u32,
    /// An [`EventKind`] as its number.
    pub kind: u8,
    /// A [`crate::packet::ParseError`] as its number, or 0.
    pub parse_error: u8,
    /// TCP flags of the packet, or 0.
    pub tcp_flags: u8,
    /// 0 outbound, 1 inbound.
    pub inbound: u8,
}

impl EventKind {
    /// The kind with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Start),
            2 => Some(Self::Deny),
            3 => Some(Self::Close),
            4 => Some(Self::DenyPacket),
            _ => None,
        }
    }
}
