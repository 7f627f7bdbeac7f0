//! The policy's tables as maps.

use aya_ebpf::maps::Array;
use exitguard_common::abi::{
    Addr, AddressClass, Cached, ClassId, FlowKey, PORT_LINES_PER_SET, PortLine, PortSetId, Rule,
    RuleId, RuntimeFlags, V6Bits,
};
use exitguard_common::policy::{self, Facts, Settings, Tables};
use exitguard_common::ranges::{
    self, CLASS_LINE_RANGES, ClassLine, INDEX_LINE_WORDS, IndexLine, RangeStore, V4, V6,
};

use crate::maps::{
    CLASSES, INDEX_V4, INDEX_V6, PORTS, RANGE_CLASSES_V4, RANGE_CLASSES_V6, RANGES_V4, RANGES_V6,
    RULES,
};
use crate::opaque::opaque;
use crate::{runtime, settings};

/// The policy of this load of the object.
pub(crate) struct MapTables;

impl Tables for MapTables {
    #[inline(always)]
    fn settings(&self) -> Settings {
        Settings {
            observe: settings::observe(),
            observe_lists: settings::observe_lists(),
        }
    }

    #[inline(always)]
    fn class_of(&self, addr: &Addr) -> Option<ClassId> {
        let V6Bits { high, low } = addr.bits();
        class_id_of(high, low)
    }

    #[inline(always)]
    fn class(&self, ClassId(id): ClassId) -> Option<&AddressClass> {
        CLASSES.get(id as u32)
    }

    #[inline(always)]
    fn rule(&self, RuleId(id): RuleId) -> Option<&Rule> {
        RULES.get(id as u32)
    }

    #[inline(always)]
    fn port_in_set(&self, PortSetId(set): PortSetId, port: u16) -> Option<bool> {
        let line = PORTS.get(
            set.wrapping_mul(PORT_LINES_PER_SET)
                .wrapping_add(PortLine::of(port)),
        )?;
        Some(line.contains(port))
    }

    #[inline(always)]
    fn runtime(&self, client: &Addr, remote: &Addr) -> RuntimeFlags {
        runtime::flags(client, remote, runtime::generation())
    }
}

/// The class of an address.
#[inline(always)]
pub(crate) fn class_of(addr: &Addr) -> Option<&'static AddressClass> {
    CLASSES.get(u32::from(MapTables.class_of(addr)?.0))
}

/// The number of the class of an address, given as the halves of its 128 bits.
#[inline(always)]
pub(crate) fn class_id_of(high: u64, low: u64) -> Option<ClassId> {
    class_id(eg_class_of(high, low))
}

/// Asks the policy about a flow.
#[inline(always)]
pub(crate) fn decide(flow: &FlowKey, facts: &Facts) -> Cached {
    let class = |addr: Addr| {
        let V6Bits { high, low } = addr.bits();
        eg_class_of(high, low)
    };
    // Read first: what is decided by less than is in force meanwhile is decided again.
    let generation = runtime::generation();
    let facts = Facts {
        runtime: runtime::flags(&flow.client, &flow.remote, generation),
        ..*facts
    };
    let decision = eg_decide(class(flow.client), class(flow.remote), facts.pack());
    Cached::from_bits(generation, decision)
}

/// No class has this number.
const NOT_FOUND: u32 = u32::MAX;

// Global functions (Linux 5.6): the verifier checks each of them once, for any argument, instead of anew for
// every path that calls it, and knows nothing about what they return. Inline, what they do would be followed
// dozens of times.

/// The class of an address, given as the halves of its 128 bits.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn eg_class_of(high: u64, low: u64) -> u32 {
    let class = match Addr::from_bits(V6Bits { high, low }).as_v4() {
        Some(bits) => ranges::lookup(&StoreV4, V4(bits)),
        None => ranges::lookup(&StoreV6, V6 { high, low }),
    };
    match class {
        Some(ClassId(class)) => class as u32,
        None => NOT_FOUND,
    }
}

/// The decision about a flow between two classes of addresses, given [`Facts`] as a word.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn eg_decide(client: u32, remote: u32, facts: u64) -> u32 {
    let decision = match (class_id(client), class_id(remote)) {
        (Some(client), Some(remote)) => {
            policy::decide(&MapTables, client, remote, &Facts::unpack(facts))
        }
        _ => policy::INTERNAL,
    };
    decision.to_bits()
}

#[inline(always)]
fn class_id(number: u32) -> Option<ClassId> {
    u16::try_from(number).ok().map(ClassId)
}

struct StoreV4;

impl RangeStore for StoreV4 {
    type Key = V4;

    #[inline(always)]
    fn index_word(&self, at: u32) -> Option<u32> {
        index_word(&INDEX_V4, at)
    }

    #[inline(always)]
    fn start(&self, at: u32) -> Option<V4> {
        Some(V4(RANGES_V4.get(at)?.start))
    }

    #[inline(always)]
    fn end(&self, at: u32) -> Option<V4> {
        Some(V4(RANGES_V4.get(at)?.end))
    }

    #[inline(always)]
    fn class(&self, at: u32) -> Option<ClassId> {
        class(&RANGE_CLASSES_V4, at)
    }

    #[inline(always)]
    fn forget(number: u32) -> u32 {
        opaque(u64::from(number)) as u32
    }
}

struct StoreV6;

impl RangeStore for StoreV6 {
    type Key = V6;

    #[inline(always)]
    fn index_word(&self, at: u32) -> Option<u32> {
        index_word(&INDEX_V6, at)
    }

    #[inline(always)]
    fn start(&self, at: u32) -> Option<V6> {
        let [high, low] = RANGES_V6.get(at)?.start;
        Some(V6 { high, low })
    }

    #[inline(always)]
    fn end(&self, at: u32) -> Option<V6> {
        let [high, low] = RANGES_V6.get(at)?.end;
        Some(V6 { high, low })
    }

    #[inline(always)]
    fn class(&self, at: u32) -> Option<ClassId> {
        class(&RANGE_CLASSES_V6, at)
    }

    #[inline(always)]
    fn forget(number: u32) -> u32 {
        opaque(u64::from(number)) as u32
    }
}

#[inline(always)]
fn index_word(index: &Array<IndexLine>, at: u32) -> Option<u32> {
    let line = index.get(at / INDEX_LINE_WORDS)?;
    Some(line.0[(at % INDEX_LINE_WORDS) as usize])
}

#[inline(always)]
fn class(classes: &Array<ClassLine>, at: u32) -> Option<ClassId> {
    let line = classes.get(at / CLASS_LINE_RANGES)?;
    Some(ClassId(line.0[(at % CLASS_LINE_RANGES) as usize]))
}
