//! Constants of one load of the object, set by the loader before the kernel verifies the programs. The
//! verifier knows their values, so what they rule out costs nothing.

use aya_ebpf::Global;
use exitguard_common::abi::LinkLayer;

#[unsafe(no_mangle)]
static OBSERVE: Global<u32> = Global::new(0);
#[unsafe(no_mangle)]
static OBSERVE_LISTS: Global<u64> = Global::new(0);
#[unsafe(no_mangle)]
static LINK_LAYER: Global<u32> = Global::new(0);
#[unsafe(no_mangle)]
static PASS_MARK: Global<u32> = Global::new(0);
#[unsafe(no_mangle)]
static EVENTS_PER_SECOND: Global<u32> = Global::new(0);

#[inline(always)]
pub(crate) fn observe() -> bool {
    OBSERVE.load() != 0
}

#[inline(always)]
pub(crate) fn observe_lists() -> u64 {
    OBSERVE_LISTS.load()
}

#[inline(always)]
pub(crate) fn link_layer() -> LinkLayer {
    if LINK_LAYER.load() == LinkLayer::Ethernet as u32 {
        LinkLayer::Ethernet
    } else {
        LinkLayer::RawIp
    }
}

#[inline(always)]
pub(crate) fn pass_mark() -> u32 {
    PASS_MARK.load()
}

#[inline(always)]
pub(crate) fn events_per_second() -> u64 {
    EVENTS_PER_SECOND.load() as u64
}
