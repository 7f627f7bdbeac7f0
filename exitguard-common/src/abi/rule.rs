//! The policy in compiled form: address classes, rules and port sets.
//!
//! Every address belongs to exactly one class, found by [`crate::ranges`]. A class says what the address
//! means as a destination (flags, lists) and as a client (which rule). So one look-up a side answers
//! every question of the precedence that is about addresses.

use super::flags::flags;

flags!(ClassFlags, RuleFlags);

/// Blocklists a policy can hold: one bit each in [`AddressClass::lists`] and [`Rule::lists`].
pub const MAX_LISTS: usize = 64;

/// Identity of a blocklist, which it keeps while policies and its bit change: made from its name.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(pub u64);

/// Number of a rule. Userspace knows its name.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub u16);

impl RuleId {
    /// `[host]`: traffic to this host and inside the tailnet.
    pub const HOST: Self = Self(0);
    /// `[egress]`: every client without a rule of its own. Clients follow, from 2.
    pub const EGRESS: Self = Self(1);
}

/// Number of an address class.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub u16);

impl ClassId {
    /// Addresses that nothing in the policy speaks of.
    pub const PLAIN: Self = Self(0);
}

/// Number of a port set.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortSetId(pub u32);

impl PortSetId {
    /// Every port.
    pub const ANY: Self = Self(u32::MAX);
}

/// What an address is, as a destination. Flags are told apart from numbers so that they cannot be mixed.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassFlags(pub u16);

impl ClassFlags {
    /// An address of this host.
    pub const HOST: Self = Self(1);
    /// Inside the tailnet.
    pub const TAILNET: Self = Self(1 << 1);
    /// Private, link-local, or a network this host is attached to.
    pub const LAN: Self = Self(1 << 2);
    /// Named in `[allow]`.
    pub const ALLOW: Self = Self(1 << 3);
}

/// What a policy says about all addresses of one class.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressClass {
    /// The blocklists that hold the address, a bit each.
    pub lists: u64,
    /// The rule of a client with this address.
    pub rule: RuleId,
    /// What the address is as a destination.
    pub flags: ClassFlags,
    /// Zero.
    pub zero: u32,
}

impl AddressClass {
    /// The class of [`ClassId::PLAIN`].
    pub const PLAIN: Self = Self {
        lists: 0,
        rule: RuleId::EGRESS,
        flags: ClassFlags(0),
        zero: 0,
    };
}

/// Switches of a [`Rule`].
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RuleFlags(pub u32);

impl RuleFlags {
    /// Private networks may be reached.
    pub const LAN: Self = Self(1);
    /// ICMP and ICMPv6 may be sent.
    pub const ICMP: Self = Self(1 << 1);
    /// Denied packets are answered.
    pub const REJECT: Self = Self(1 << 2);
    /// Lockdown.
    pub const LOCKDOWN: Self = Self(1 << 3);
}

/// What a client (or everybody, towards this host) may send.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The blocklists that apply, a bit each.
    pub lists: u64,
    /// IP protocols without a port set of their own that may be sent, a bit each.
    pub protocols: [u64; 4],
    /// TCP destination ports.
    pub tcp: PortSetId,
    /// UDP destination ports.
    pub udp: PortSetId,
    /// SCTP destination ports.
    pub sctp: PortSetId,
    /// Switches.
    pub flags: RuleFlags,
}

impl Rule {
    /// Whether an IP protocol is named.
    #[inline(always)]
    pub const fn names_protocol(&self, protocol: u8) -> bool {
        let [a, b, c, d] = self.protocols;
        let word = match protocol >> 6 {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
        word >> (protocol & 63) & 1 != 0
    }
}

/// A bitmap of 512 consecutive ports: one cache line of a port set.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortLine(pub [u64; 8]);

/// Lines of a whole port set, 65,536 ports. Set `n` starts at line `n * PORT_LINES_PER_SET`.
pub const PORT_LINES_PER_SET: u32 = 128;

impl PortLine {
    /// The line within a set that holds a port.
    #[inline(always)]
    pub const fn of(port: u16) -> u32 {
        (port >> 9) as u32
    }

    /// Whether a port of this line is in the set.
    #[inline(always)]
    pub const fn contains(&self, port: u16) -> bool {
        let Self([a, b, c, d, e, f, g, h]) = *self;
        // A match instead of an index: the verifier of 5.10 refuses variable offsets into a stack copy.
        let word = match port >> 6 & 7 {
            0 => a,
            1 => b,
            2 => c,
            3 => d,
            4 => e,
            5 => f,
            6 => g,
            _ => h,
        };
        word >> (port & 63) & 1 != 0
    }
}
