//! What only userspace does with the shared types: hand them to maps, read them from bytes.

use super::{
    Addr, AddressClass, Budget, Current, Event, FlowKey, FlowState, FragmentKey, FragmentPorts,
    ListId, PortLine, Question, Rule, RuntimeEntry, Stats,
};
use crate::ranges::{BoundsV4, BoundsV6, ClassLine, IndexLine};

macro_rules! pod {
    ($($type:ty),+ $(,)?) => {$(
        // SAFETY: repr(C) or repr(transparent) over integers and arrays of integers without implicit
        // padding (checked for each of these types in `layout_tests`), so every byte pattern is a value
        // and every byte of a value is initialised.
        unsafe impl aya::Pod for $type {}
    )+};
}

pod!(
    AddressClass,
    Event,
    FlowKey,
    FlowState,
    FragmentKey,
    FragmentPorts,
    IndexLine,
    ListId,
    PortLine,
    BoundsV4,
    BoundsV6,
    ClassLine,
    Budget,
    Current,
    Question,
    Rule,
    RuntimeEntry,
    Stats,
    Addr,
);

/// Reads a shared type from exactly as many bytes as it has; `None` for any other number.
pub fn decode<T: aya::Pod>(bytes: &[u8]) -> Option<T> {
    if bytes.len() != size_of::<T>() {
        return None;
    }
    // SAFETY: the length was compared above, `T: Pod` accepts every byte pattern, and `read_unaligned`
    // asks for no alignment.
    Some(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
}

/// The bytes of a shared type.
pub const fn encode<T: aya::Pod>(value: &T) -> &[u8] {
    // SAFETY: as many bytes as the value has, all of them initialised because it is `Pod`, and borrowed for as long.
    unsafe { core::slice::from_raw_parts((&raw const *value).cast(), size_of::<T>()) }
}
