//! The flow table: its key, its value, and the two small tables beside it.

use super::{Addr, Decision};

/// A conversation: the five-tuple, normalised so that both directions share one key.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowKey {
    /// The client of the exit node: source of outbound packets.
    pub client: Addr,
    /// The other side: destination of outbound packets.
    pub remote: Addr,
    /// Host order. For ICMP echo the identifier, for protocols without ports 0.
    pub client_port: u16,
    /// Host order. For ICMP `type << 8 | code` of the request, for protocols without ports 0.
    pub remote_port: u16,
    /// IP protocol number. A whole word, because the kernel hashes every byte of the key.
    pub protocol: u32,
}

/// Packets and bytes in one direction. A GSO super-packet counts as the segments and bytes it becomes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// IP packets.
    pub pkts: u64,
    /// IP bytes, headers included, link layer not.
    pub bytes: u64,
}

/// Which side sent the first packet of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Origin {
    /// The client: the flow is judged by the policy.
    Client = 0,
    /// The exit node or somebody behind it: what the client sends are replies.
    Remote = 1,
}

/// A decision together with the generation of the policy that took it, in one word, so that it is
/// replaced by one store. The generation is the upper half: a larger word is a newer decision.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cached(u64);

/// What is known about a flow.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowState {
    /// The decision in force.
    pub cached: Cached,
    /// Time of the first packet, nanoseconds of `CLOCK_MONOTONIC`.
    pub first_seen_ns: u64,
    /// Time of the last packet, up to a tick of the kernel, nanoseconds of `CLOCK_MONOTONIC`.
    pub last_seen_ns: u64,
    /// What passed from client to remote.
    pub outbound: Counters,
    /// What passed from remote to client.
    pub inbound: Counters,
    /// Packets denied in either direction.
    pub denied_pkts: u64,
    /// Union of the TCP flags the client sent.
    pub tcp_flags_outbound: u8,
    /// Union of the TCP flags the remote sent.
    pub tcp_flags_inbound: u8,
    /// An [`Origin`] as its number.
    pub origin: u8,
    /// 1 when TCP ended: RST from either side, or FIN from both.
    pub closed: u8,
    /// The kernel's tick at which `last_seen_ns` was taken: reading the clock costs more than all the rest
    /// of counting a packet, so it is read once a tick.
    pub tick: u32,
}

/// Identifies the fragments of one IP packet. IPv6 sets `protocol` to 0, as RFC 8200 §4.5 does.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FragmentKey {
    /// Source address.
    pub source: Addr,
    /// Destination address.
    pub destination: Addr,
    /// The identification field.
    pub id: u32,
    /// IP protocol number.
    pub protocol: u32,
}

/// What the first fragment tells about the later ones.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentPorts {
    /// `client_port` of the flow.
    pub client_port: u16,
    /// `remote_port` of the flow.
    pub remote_port: u16,
    /// The transport protocol, which IPv6 later fragments do not carry.
    pub protocol: u32,
}

/// A bound on how often something happens: a count that starts anew with every window.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Start of the window, nanoseconds of `CLOCK_MONOTONIC`.
    pub window_start_ns: u64,
    /// Taken since.
    pub taken: u64,
}

impl FlowKey {
    /// No flow: the packet could not be read.
    pub const NONE: Self = Self {
        client: Addr::UNSPECIFIED,
        remote: Addr::UNSPECIFIED,
        client_port: 0,
        remote_port: 0,
        protocol: 0,
    };

    /// IP protocol number.
    #[inline(always)]
    pub const fn protocol(&self) -> u8 {
        self.protocol as u8
    }
}

impl Cached {
    /// A decision of a generation.
    #[inline(always)]
    pub const fn new(generation: u32, decision: Decision) -> Self {
        Self::from_bits(generation, decision.to_bits())
    }

    /// A decision of a generation, packed already.
    #[inline(always)]
    pub const fn from_bits(generation: u32, decision: u32) -> Self {
        Self(((generation as u64) << 32) | decision as u64)
    }

    /// The generation of the policy that decided.
    #[inline(always)]
    pub const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The decision.
    #[inline(always)]
    pub const fn decision(self) -> Decision {
        Decision::from_bits(self.0 as u32)
    }

    /// Whether the packet passes, without unpacking the rest.
    #[inline(always)]
    pub const fn passes(self) -> bool {
        Decision::bits_pass(self.0 as u32)
    }

    /// Whether the verdict is [`super::Verdict::Allow`], without unpacking the rest.
    #[inline(always)]
    pub const fn allows(self) -> bool {
        Decision::bits_allow(self.0 as u32)
    }

    /// Whether a program of `generation` may rely on it.
    ///
    /// Newer counts as fresh: while a policy is being replaced, the programs of the two directions are
    /// swapped one after the other, and the old one must not undo what the new one decided.
    #[inline(always)]
    pub const fn is_fresh(self, generation: u32) -> bool {
        self.generation() >= generation
    }
}

impl Budget {
    const WINDOW_NS: u64 = 1_000_000_000;

    /// Takes one, if fewer than `per_second` were taken in this second.
    #[inline(always)]
    pub const fn take(&mut self, now_ns: u64, per_second: u64) -> bool {
        if now_ns.wrapping_sub(self.window_start_ns) >= Self::WINDOW_NS {
            self.window_start_ns = now_ns;
            self.taken = 0;
        }
        if self.taken >= per_second {
            return false;
        }
        self.taken += 1;
        true
    }
}

impl FlowState {
    /// Which side opened the flow.
    #[inline(always)]
    pub const fn origin(&self) -> Origin {
        if self.origin == Origin::Remote as u8 {
            Origin::Remote
        } else {
            Origin::Client
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Reason, RuleId};
    use super::*;

    #[test]
    fn a_budget_is_spent_within_a_second_and_full_again_in_the_next() {
        let mut budget = Budget::default();
        let start = 5_000_000_000;
        assert!((0..3).all(|n| budget.take(start + n, 3)));
        assert!(!budget.take(start + 999_999_999, 3));
        assert!(budget.take(start + 1_000_000_000, 3));
        assert!(!Budget::default().take(start, 0));
    }

    #[test]
    fn a_cached_decision_is_fresh_for_its_own_generation_and_older_programs() {
        let cached = Cached::new(7, Decision::allow(Reason::Port, RuleId::EGRESS));
        assert!(cached.is_fresh(7));
        assert!(cached.is_fresh(6));
        assert!(!cached.is_fresh(8));
        assert_eq!(
            cached.decision(),
            Decision::allow(Reason::Port, RuleId::EGRESS)
        );
        assert_eq!(cached.generation(), 7);
    }
}
