//! The policy's number, and what operators changed since it was loaded.

use aya_ebpf::maps::lpm_trie::Key;
use exitguard_common::abi::{Addr, RuntimeEntry, RuntimeFlags, RuntimeKey, Scope, V6Bits};

use crate::maps::{CURRENT, RUNTIME};
use crate::opaque::opaque;

/// The number of the policy in force. It changes while programs run, so a decision has to be filed under the number
/// that was read before anything was looked up for it.
#[inline(always)]
pub(crate) fn generation() -> u32 {
    match CURRENT.get_ptr(0) {
        // SAFETY: an element of a map that is never freed while programs run; an aligned word, of which userspace
        // writes all or nothing.
        Some(current) => unsafe { (&raw const (*current).generation).read_volatile() },
        // An array has its first element.
        None => 0,
    }
}

/// What operators said about a client and a destination.
#[inline(always)]
pub(crate) fn flags(client: &Addr, remote: &Addr, generation: u32) -> RuntimeFlags {
    let is_changed = CURRENT.get_ptr(0).is_some_and(|current| {
        // SAFETY: as above.
        unsafe { (&raw const (*current).changes).read_volatile() != 0 }
    });
    if !is_changed {
        return RuntimeFlags::default();
    }
    let (client, remote) = (client.bits(), remote.bits());
    let scoped = eg_runtime(Scope::CLIENTS.0, client.high, client.low, generation);
    let scope = (scoped >> 32) as u32;
    let destination = eg_runtime(scope, remote.high, remote.low, generation);
    RuntimeFlags(scoped as u32).with(RuntimeFlags(destination as u32))
}

/// The entry of the table for an address, given as the halves of its 128 bits: scope and flags in one word. A global
/// function, verified once.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn eg_runtime(scope: u32, high: u64, low: u64, generation: u32) -> u64 {
    let addr = Addr::from_bits(V6Bits { high, low });
    let mut key = RuntimeKey::ask(generation, Scope(scope), addr);
    // See `PacketSource::forget`.
    key.prefix_bits = opaque(u64::from(key.prefix_bits)) as u32;
    // SAFETY: the kernel's key is a length and the bytes after it, as ours is; the trie's type asks for less
    // alignment.
    let key = unsafe { &*(&raw const key).cast::<Key<_>>() };
    match RUNTIME.get(key) {
        Some(RuntimeEntry { scope, flags }) => u64::from(scope.0) << 32 | u64::from(flags.0),
        None => 0,
    }
}
