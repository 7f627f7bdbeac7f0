//! Types shared by the kernel programs and userspace.
//!
//! `repr(C)` types appear only in this folder. They hold integers and arrays of integers: no `bool`, no
//! `Option`, no enum fields, no references, no implicit padding (`layout_tests` keeps it so). Numbers on
//! this border are never reused; a retired one stays reserved.

mod addr;
mod event;
mod flags;
mod flow;
mod names;
mod question;
mod rule;
mod runtime;
mod stats;
mod verdict;

#[cfg(test)]
mod layout_tests;
#[cfg(feature = "user")]
mod user;

pub use addr::{Addr, V6Bits};
pub use event::{Event, EventKind};
pub use flow::{Budget, Cached, Counters, FlowKey, FlowState, FragmentKey, FragmentPorts, Origin};
pub use names::{maps, programs, settings};
pub use question::Question;
pub use rule::{
    AddressClass, ClassFlags, ClassId, ListId, MAX_LISTS, PORT_LINES_PER_SET, PortLine, PortSetId,
    Rule, RuleFlags, RuleId,
};
pub use runtime::{Current, RuntimeEntry, RuntimeFlags, RuntimeKey, Scope};
pub use stats::{DirectionStats, Stats};
#[cfg(feature = "user")]
pub use user::{decode, encode};
pub use verdict::{Decision, Reason, Verdict};

/// Changes whenever a type, a map or the meaning of a number in this folder changes.
///
/// It is part of the path under which kernel state is pinned, so two versions never share a map.
pub const ABI_VERSION: u32 = 2;

/// The bit that a gate behind the programs asks for: outside of `0xff0000`, which is Tailscale's.
pub const PASS_MARK: u32 = 0x0100_0000;

/// A direction of traffic, seen from the clients of the exit node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Client to the world: TC or XDP ingress of the guarded interface.
    Outbound,
    /// World to client: TC egress of the guarded interface.
    Inbound,
}

/// What stands in front of the IP header on the guarded interface. A fact of the device, read by the
/// loader from its ARPHRD type; never guessed from packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LinkLayer {
    /// Nothing: a TUN delivers raw IP (`ARPHRD_NONE`).
    RawIp = 0,
    /// Ethernet II, up to two VLAN tags (`ARPHRD_ETHER`).
    Ethernet = 1,
}
