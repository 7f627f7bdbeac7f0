//! Counters of this CPU.

use exitguard_common::abi::{
    Counters, Decision, Direction, DirectionStats, Reason, Stats, Verdict,
};
use exitguard_common::packet::ParseError;

use crate::maps::STATS;
use crate::opaque::hide;

/// Runs `update` on this CPU's counters.
#[inline(always)]
fn with(update: impl FnOnce(&mut Stats)) {
    if let Some(stats) = STATS.get_ptr_mut(0) {
        // SAFETY: the pointer is to this CPU's copy of an element that lives as long as the map; a program
        // is not preempted by another one on the same CPU while it holds the reference.
        update(unsafe { &mut *stats });
    }
}

/// Counts a packet under its decision.
#[inline(always)]
pub(crate) fn count(decision: Decision, direction: Direction, wire: Counters) {
    with(|stats| {
        let reason = slot(decision.reason as usize, Reason::SLOTS);
        match decision.verdict {
            Verdict::Allow => {}
            Verdict::Deny => stats.denied_pkts[reason] += wire.pkts,
            Verdict::WouldDeny => stats.would_deny_pkts[reason] += wire.pkts,
        }
        add(side(stats, direction), decision.passes(), wire);
    });
}

/// Counts a packet that is allowed.
#[inline(always)]
pub(crate) fn count_allowed(direction: Direction, wire: Counters) {
    with(|stats| add(side(stats, direction), true, wire));
}

#[inline(always)]
pub(crate) fn count_malformed(error: u32) {
    with(|stats| stats.malformed_pkts[slot(error as usize, ParseError::SLOTS)] += 1);
}

#[inline(always)]
pub(crate) fn count_lost_event() {
    with(|stats| stats.events_lost += 1);
}

#[inline(always)]
pub(crate) fn count_untracked_flow() {
    with(|stats| stats.flows_untracked += 1);
}

#[inline(always)]
pub(crate) fn count_reply(sent: bool) {
    with(|stats| {
        if sent {
            stats.replies_sent += 1;
        } else {
            stats.replies_withheld += 1;
        }
    });
}

/// An index within bounds that the verifier can see. Hidden, or the optimiser, which knows that it cannot be
/// out of bounds, leaves the operation out.
#[inline(always)]
fn slot(number: usize, slots: usize) -> usize {
    hide(number) % slots
}

#[inline(always)]
fn side(stats: &mut Stats, direction: Direction) -> &mut DirectionStats {
    match direction {
        Direction::Outbound => &mut stats.outbound,
        Direction::Inbound => &mut stats.inbound,
    }
}

#[inline(always)]
fn add(side: &mut DirectionStats, passes: bool, wire: Counters) {
    let counters = if passes {
        &mut side.passed
    } else {
        &mut side.denied
    };
    counters.pkts += wire.pkts;
    counters.bytes += wire.bytes;
}
