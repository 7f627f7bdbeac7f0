//! Events to userspace: reserve, fill, submit; count what does not fit.

use exitguard_common::abi::{Direction, Event, EventKind, FlowKey, FlowState};

use crate::maps::{EVENT_BUDGET, EVENTS};
use crate::{settings, stats};

/// What an event says beside the flow; in one word, which costs no stack.
#[derive(Clone, Copy)]
pub(crate) struct Occasion(u64);

impl Occasion {
    /// `parse_error` is the number of one, or 0.
    #[inline(always)]
    pub(crate) fn new(
        kind: EventKind,
        direction: Direction,
        packet_bytes: u32,
        tcp_flags: u8,
        parse_error: u8,
    ) -> Self {
        let inbound = matches!(direction, Direction::Inbound);
        Self(
            u64::from(packet_bytes)
                | (kind as u64) << 32
                | u64::from(parse_error) << 40
                | u64::from(tcp_flags) << 48
                | u64::from(inbound) << 56,
        )
    }
}

/// Sends an event, unless this CPU sent too many within the second or the ring is full.
#[inline(never)]
pub(crate) fn send(now_ns: u64, key: &FlowKey, flow: &FlowState, Occasion(occasion): Occasion) {
    if !within_budget(now_ns) {
        stats::count_lost_event();
        return;
    }
    let Some(mut slot) = EVENTS.reserve::<Event>(0) else {
        stats::count_lost_event();
        return;
    };
    let event = slot.as_mut_ptr();
    // Field by field: as one value it would be put together on the stack first, which has no room.
    // SAFETY: `event` points to a whole reserved `Event`; every field is written before it is submitted.
    unsafe {
        (*event).time_ns = now_ns;
        (*event).key = *key;
        (*event).flow = *flow;
        (*event).packet_bytes = occasion as u32;
        (*event).kind = (occasion >> 32) as u8;
        (*event).parse_error = (occasion >> 40) as u8;
        (*event).tcp_flags = (occasion >> 48) as u8;
        (*event).inbound = (occasion >> 56) as u8;
    }
    slot.submit(0);
}

#[inline(always)]
fn within_budget(now_ns: u64) -> bool {
    let Some(budget) = EVENT_BUDGET.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: this CPU's copy, as in `stats::with`.
    unsafe { (*budget).take(now_ns, settings::events_per_second()) }
}
