//! Flows that lists denied, counted by list.

use exitguard_common::abi::{Addr, Cached, ClassId, Reason, RuleId, V6Bits};
use exitguard_common::policy::{self, Tables};

use crate::maps::{CLASSES, LIST_HITS, LISTS};
use crate::opaque::opaque;
use crate::tables::{self, MapTables};

/// Counts a flow, or a packet of none, that was decided just now, if a list decided.
#[inline(always)]
pub(crate) fn count(cached: Cached, remote: Addr) {
    let decision = cached.decision();
    if decision.reason == Reason::Blocklist {
        let RuleId(rule) = decision.rule;
        let V6Bits { high, low } = remote.bits();
        eg_count_hit(u32::from(rule), high, low);
    }
}

/// Counts a hit on the address, given as the halves of its 128 bits, under a rule. A global function, verified
/// once; it returns a number because it has to.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn eg_count_hit(rule: u32, high: u64, low: u64) -> u32 {
    let ClassId(class) = match tables::class_id_of(high, low) {
        Some(class) => class,
        None => return 0,
    };
    let rule = MapTables.rule(RuleId(rule as u16));
    let (Some(rule), Some(class)) = (rule, CLASSES.get(u32::from(class))) else {
        return 0;
    };
    let Some(bit) = policy::named_list(rule, class, &MapTables.settings()) else {
        return 0;
    };
    let Some(list) = LISTS.get(opaque(u64::from(bit)) as u32) else {
        return 0;
    };
    if let Some(hits) = LIST_HITS.get_ptr_mut(list) {
        // SAFETY: the pointer is to this CPU's copy, which lives until the program ends; a program is not
        // preempted by another one on the same CPU.
        unsafe { *hits += 1 };
    }
    1
}
