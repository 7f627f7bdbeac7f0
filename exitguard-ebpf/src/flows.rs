//! The flow table: find, enter, count.
//!
//! A flow's two directions run on different CPUs. Counters are added to atomically; what is stored whole
//! (decision, times, flags of one direction) is one aligned word or byte, so that the worst a race can do
//! is to lose one of two updates of the same value.

use core::intrinsics::{AtomicOrdering, atomic_xadd};
use exitguard_common::abi::{Cached, Counters, Direction, FlowKey, FlowState, Origin};
use exitguard_common::flow;
use exitguard_common::packet::Packet;

use crate::maps::FLOWS;
use crate::{clock, stats};

/// A flow in the table.
pub(crate) struct Entry(*mut FlowState);

/// Finds a flow.
#[inline(always)]
pub(crate) fn find(key: &FlowKey) -> Option<Entry> {
    FLOWS.get_ptr_mut(key).map(Entry)
}

/// Enters a flow, replacing an ended one.
#[inline(always)]
pub(crate) fn enter(key: &FlowKey, state: &FlowState) {
    if FLOWS.insert(key, state, 0).is_err() {
        stats::count_untracked_flow();
    }
}

impl Entry {
    /// The state, which other CPUs may be changing.
    #[inline(always)]
    pub(crate) fn state(&self) -> &FlowState {
        // SAFETY: map values stay valid until the program ends, even when evicted meanwhile.
        unsafe { &*self.0 }
    }

    /// The flow goes on as it was: allowed by the policy in force, and not ended.
    #[inline(always)]
    pub(crate) fn allows(&self, generation: u32) -> bool {
        let state = self.state();
        state.cached.is_fresh(generation) && state.cached.allows() && state.closed == 0
    }

    #[inline(always)]
    pub(crate) fn cached(&self) -> Cached {
        self.state().cached
    }

    #[inline(always)]
    pub(crate) fn origin(&self) -> Origin {
        self.state().origin()
    }

    #[inline(always)]
    pub(crate) fn is_reopened_by(&self, packet: &Packet) -> bool {
        flow::reopens(packet, self.state())
    }

    #[inline(always)]
    pub(crate) fn set_cached(&self, cached: Cached) {
        // SAFETY: as in `state`; one aligned word.
        unsafe { (*self.0).cached = cached }
    }

    /// Counts a packet that passes.
    #[inline(always)]
    pub(crate) fn count(&self, direction: Direction, wire: Counters) {
        // SAFETY: as in `state`; the pointers are to aligned words of the value.
        unsafe {
            let side = match direction {
                Direction::Outbound => &raw mut (*self.0).outbound,
                Direction::Inbound => &raw mut (*self.0).inbound,
            };
            add(&raw mut (*side).pkts, wire.pkts);
            add(&raw mut (*side).bytes, wire.bytes);
        }
        self.touch();
    }

    /// Counts packets that do not pass.
    #[inline(always)]
    pub(crate) fn count_denied(&self, pkts: u64) {
        // SAFETY: as in `count`.
        unsafe { add(&raw mut (*self.0).denied_pkts, pkts) };
        self.touch();
    }

    /// Notes that a packet was seen.
    #[inline(always)]
    fn touch(&self) {
        let tick = clock::tick();
        if self.state().tick != tick {
            let now_ns = clock::now_ns();
            // SAFETY: as in `count`.
            unsafe {
                (*self.0).last_seen_ns = now_ns;
                (*self.0).tick = tick;
            }
        }
    }

    /// Notes TCP flags; true when they end the connection, once.
    #[inline(always)]
    pub(crate) fn note_tcp_flags(&self, direction: Direction, flags: u8) -> bool {
        // SAFETY: as in `state`; single bytes, each direction its own.
        unsafe {
            let state = self.0;
            match direction {
                Direction::Outbound => (*state).tcp_flags_outbound |= flags,
                Direction::Inbound => (*state).tcp_flags_inbound |= flags,
            }
            let ends = (*state).closed == 0
                && flow::has_ended((*state).tcp_flags_outbound, (*state).tcp_flags_inbound);
            if ends {
                (*state).closed = 1;
            }
            ends
        }
    }
}

/// `lock *(u64 *) += amount`. `core::sync::atomic` has no read-modify-write on this target, and the forms
/// that return the old value need Linux 5.12; this one compiles to the instruction that 5.10 has.
///
/// # Safety
/// `word` points to an aligned word of a map value.
#[inline(always)]
unsafe fn add(word: *mut u64, amount: u64) {
    // SAFETY: the caller's promise.
    unsafe { atomic_xadd::<u64, u64, { AtomicOrdering::Relaxed }>(word, amount) };
}
