//! Address to class, over millions of ranges.
//!
//! The address space is cut into sorted, disjoint, inclusive ranges, each with the number of its class.
//! Two levels of radix index lead to the few ranges an address can be in; a bounded binary search does
//! the rest:
//!
//! 1. The top 16 bits of the address pick a *bucket*: where its slots start, and how many bits they take.
//! 2. The next bits (as many as the bucket needs for about two ranges a slot) pick a *slot*: the position
//!    of the first range that starts in it. The next slot's position ends the search.
//! 3. The last range that starts at or before the address is the only one that can hold it.
//!
//! So a look-up touches five or six cache lines whatever the size, and skew (all of a provider's /48s
//! under one /32) costs memory in one bucket instead of time in every look-up. Everything lies in plain
//! arrays: filled in bulk, freed at once, the same on host and in the kernel. An element of a kernel array
//! takes a multiple of 8 bytes, so index words and classes, which are shorter, come in cache lines. Ranges
//! do not: the search reads them one by one, and an offset into an element would make the verifier follow
//! every path of the search.

#[cfg(feature = "user")]
mod build;
mod key;
#[cfg(all(test, feature = "user"))]
mod tests;

#[cfg(feature = "user")]
pub use build::{BuildError, Range, RangeTable, TableKey};
pub use key::{RangeKey, V4, V6};

use crate::abi::ClassId;

/// Words of an index line.
pub const INDEX_LINE_WORDS: u32 = 16;
/// Classes of a class line.
pub const CLASS_LINE_RANGES: u32 = 32;
/// Buckets, and the index words they take. Slots follow.
pub const BUCKETS: u32 = 1 << 16;

/// Sixteen words of the index.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexLine(pub [u32; INDEX_LINE_WORDS as usize]);

/// An IPv4 range.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundsV4 {
    /// First address, host order. Ascending over the whole table.
    pub start: u32,
    /// Last address.
    pub end: u32,
}

/// An IPv6 range. The halves of an address are high, low.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundsV6 {
    /// First address. Ascending over the whole table.
    pub start: [u64; 2],
    /// Last address.
    pub end: [u64; 2],
}

/// The classes of 32 consecutive ranges.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassLine(pub [u16; CLASS_LINE_RANGES as usize]);

/// A bucket in one word: where its slots start (27 bits), and how many address bits they take (5 bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket(u32);

const SLOT_BITS_WIDTH: u32 = 5;
const SLOT_BITS_MASK: u32 = (1 << SLOT_BITS_WIDTH) - 1;
/// Most ranges a table can hold. It bounds the binary search, even when all of them share one slot.
pub const MAX_RANGES: u32 = 1 << MAX_STEPS;
const MAX_STEPS: u32 = 24;

impl Bucket {
    #[cfg(feature = "user")]
    pub(crate) const fn new(first_slot: u32, slot_bits: u32) -> Self {
        Self((first_slot << SLOT_BITS_WIDTH) | (slot_bits & SLOT_BITS_MASK))
    }

    #[inline(always)]
    const fn first_slot(self) -> u32 {
        self.0 >> SLOT_BITS_WIDTH
    }

    #[inline(always)]
    const fn slot_bits(self) -> u32 {
        self.0 & SLOT_BITS_MASK
    }
}

/// Where a table's lines are: slices on the host, maps in the kernel.
pub trait RangeStore {
    /// The family.
    type Key: RangeKey;

    /// A word of the index.
    fn index_word(&self, at: u32) -> Option<u32>;

    /// The first address of a range.
    fn start(&self, at: u32) -> Option<Self::Key>;

    /// The last address of a range.
    fn end(&self, at: u32) -> Option<Self::Key>;

    /// The class of a range.
    fn class(&self, at: u32) -> Option<ClassId>;

    /// The same number, of which a verifier that follows every path may forget what it knows: as
    /// [`crate::packet::PacketSource::forget`].
    #[inline(always)]
    fn forget(number: u32) -> u32 {
        number
    }
}

/// Finds the class of an address; [`ClassId::PLAIN`] where no range holds it.
///
/// `None` means that the table contradicts itself: an index points outside of it. The caller has to deny,
/// as it cannot know.
#[inline(always)]
pub fn lookup<S: RangeStore>(store: &S, key: S::Key) -> Option<ClassId> {
    let bucket = Bucket(store.index_word(key.bucket())?);
    let slot = BUCKETS + bucket.first_slot() + key.slot(bucket.slot_bits());
    let mut low = store.index_word(slot)?;
    let mut high = store.index_word(slot + 1)?;
    // Invariant: ranges before `low` start at or before the key, ranges from `high` on start after it.
    for _ in 0..MAX_STEPS {
        if low >= high {
            break;
        }
        let middle = low + (high - low) / 2;
        if store.start(middle)? <= key {
            low = middle + 1;
        } else {
            high = middle;
        }
        (low, high) = (S::forget(low), S::forget(high));
    }
    // The first range of every table starts at the lowest address, so there is one before `low`.
    let candidate = low.wrapping_sub(1);
    if key <= store.end(candidate)? {
        store.class(candidate)
    } else {
        Some(ClassId::PLAIN)
    }
}
