//! What operators change while a policy is in force: a small table beside the policy's own.
//!
//! Every change makes a new generation, whose entries are complete before the generation is in force, and whose
//! number is part of each key: so a program sees all of a change or nothing of it.

use super::Addr;
use super::flags::flags;

flags!(RuntimeFlags);

/// Number of the policy that programs judge by, and whether anything was changed at run time. Written by
/// userspace as memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Current {
    /// The generation.
    pub generation: u32,
    /// 0 when the table of changes has nothing for this generation, and need not be asked.
    pub changes: u32,
}

/// What operators said about a client and a destination.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RuntimeFlags(pub u32);

impl RuntimeFlags {
    /// The client is locked down.
    pub const LOCKDOWN: Self = Self(1);
    /// The destination is blocked.
    pub const BLOCK: Self = Self(1 << 1);
    /// The destination is allowed.
    pub const ALLOW: Self = Self(1 << 2);
    /// How many bits there are.
    pub const BITS: u32 = 3;
}

/// For which clients an entry of the table is.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(pub u32);

impl Scope {
    /// Clients that no change names.
    pub const OTHERS: Self = Self(0);
    /// Not a destination for some clients, but the clients themselves: where each finds its scope.
    pub const CLIENTS: Self = Self(u32::MAX);
}

/// Key of the table, a trie by longest prefix. The kernel wants the length in front.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuntimeKey {
    /// How many of the bits after this field count.
    pub prefix_bits: u32,
    /// The generation that the entry belongs to.
    pub generation: u32,
    /// For whom.
    pub scope: Scope,
    /// Zero.
    pub zero: u32,
    /// A destination, or a client in [`Scope::CLIENTS`].
    pub addr: Addr,
}

impl RuntimeKey {
    /// Bits before the address, all of which count.
    pub const FIXED_BITS: u32 = 96;

    /// A key that asks about one address.
    #[inline(always)]
    pub const fn ask(generation: u32, scope: Scope, addr: Addr) -> Self {
        Self::prefix(generation, scope, addr, 128)
    }

    /// The key of a prefix of so many bits; of an IPv4 address in its mapped form.
    #[inline(always)]
    pub const fn prefix(generation: u32, scope: Scope, addr: Addr, bits: u32) -> Self {
        Self {
            prefix_bits: Self::FIXED_BITS + bits,
            generation,
            scope,
            zero: 0,
            addr,
        }
    }
}

/// Value of the table.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuntimeEntry {
    /// Of a client: the scope of its destinations.
    pub scope: Scope,
    /// Of a client, [`RuntimeFlags::LOCKDOWN`]; of a destination the others.
    pub flags: RuntimeFlags,
}
