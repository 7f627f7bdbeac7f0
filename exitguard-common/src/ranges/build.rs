//! Lays sorted ranges out as lines.

use super::{
    BUCKETS, BoundsV4, BoundsV6, Bucket, CLASS_LINE_RANGES, ClassLine, INDEX_LINE_WORDS, IndexLine,
    MAX_RANGES, RangeKey, RangeStore, V4, V6,
};
use crate::abi::ClassId;

/// Addresses `start..=end` and their class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<K> {
    /// First address.
    pub start: K,
    /// Last address.
    pub end: K,
    /// The class of all of them.
    pub class: ClassId,
}

/// Why ranges cannot become a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// More ranges than a look-up can search.
    #[error("{ranges} address ranges are more than the {MAX_RANGES} that a table holds")]
    TooMany {
        /// How many there were.
        ranges: usize,
    },
    /// The caller's ranges overlap, are not ascending, or end before they start.
    #[error("range {position} is out of order")]
    OutOfOrder {
        /// Which one.
        position: usize,
    },
}

/// The family of a table: how its ranges are laid out.
pub trait TableKey: RangeKey + Ord {
    /// First and last address as they are stored.
    type Bounds: Copy;
    /// The lowest address.
    const LOWEST: Self;
    /// Most address bits a bucket may spread over its slots.
    const MAX_SLOT_BITS: u32;

    /// Stores.
    fn bounds(start: Self, end: Self) -> Self::Bounds;
    /// The first address.
    fn start(bounds: &Self::Bounds) -> Self;
    /// The last address.
    fn end(bounds: &Self::Bounds) -> Self;
}

/// A finished table: what the kernel's maps hold, and what the host looks up in.
#[derive(Clone, Debug)]
pub struct RangeTable<K: TableKey> {
    index: Vec<IndexLine>,
    bounds: Vec<K::Bounds>,
    classes: Vec<ClassLine>,
}

impl<K: TableKey> RangeTable<K> {
    /// Builds a table from ascending, disjoint ranges.
    ///
    /// # Errors
    /// When they are not, or are too many.
    pub fn new(ranges: &[Range<K>]) -> Result<Self, BuildError> {
        if ranges.len() >= MAX_RANGES as usize {
            return Err(BuildError::TooMany {
                ranges: ranges.len(),
            });
        }
        check_order(ranges)?;
        // A look-up relies on a range before every address: where none starts at the lowest one, a range
        // of just that address, of the class that it would have anyway.
        let starts_at_lowest = ranges.first().is_some_and(|range| range.start == K::LOWEST);
        let lowest = Range {
            start: K::LOWEST,
            end: K::LOWEST,
            class: ClassId::PLAIN,
        };
        let first = (!starts_at_lowest).then_some(lowest);
        let all = || first.iter().chain(ranges);

        let bounds: Vec<_> = all()
            .map(|range| K::bounds(range.start, range.end))
            .collect();
        let mut classes = vec![
            ClassLine([0; CLASS_LINE_RANGES as usize]);
            bounds.len().div_ceil(CLASS_LINE_RANGES as usize)
        ];
        let places = classes.iter_mut().flat_map(|ClassLine(line)| line);
        for (place, range) in places.zip(all()) {
            *place = range.class.0;
        }
        Ok(Self {
            index: index::<K>(&bounds),
            bounds,
            classes,
        })
    }

    /// The index, line by line.
    pub fn index(&self) -> &[IndexLine] {
        &self.index
    }

    /// First and last addresses.
    pub fn bounds(&self) -> &[K::Bounds] {
        &self.bounds
    }

    /// The classes, line by line.
    pub fn classes(&self) -> &[ClassLine] {
        &self.classes
    }

    /// The ranges in order, the one that every table begins with included.
    pub fn iter(&self) -> impl Iterator<Item = Range<K>> + '_ {
        let classes = self.classes.iter().flat_map(|ClassLine(line)| line);
        self.bounds
            .iter()
            .zip(classes)
            .map(|(bounds, class)| Range {
                start: K::start(bounds),
                end: K::end(bounds),
                class: ClassId(*class),
            })
    }
}

impl<K: TableKey> RangeStore for RangeTable<K> {
    type Key = K;

    fn index_word(&self, at: u32) -> Option<u32> {
        let IndexLine(words) = self.index.get((at / INDEX_LINE_WORDS) as usize)?;
        words.get((at % INDEX_LINE_WORDS) as usize).copied()
    }

    fn start(&self, at: u32) -> Option<K> {
        self.bounds.get(at as usize).map(K::start)
    }

    fn end(&self, at: u32) -> Option<K> {
        self.bounds.get(at as usize).map(K::end)
    }

    fn class(&self, at: u32) -> Option<ClassId> {
        let ClassLine(classes) = self.classes.get((at / CLASS_LINE_RANGES) as usize)?;
        classes
            .get((at % CLASS_LINE_RANGES) as usize)
            .copied()
            .map(ClassId)
    }
}

fn check_order<K: TableKey>(ranges: &[Range<K>]) -> Result<(), BuildError> {
    let mut previous: Option<K> = None;
    for (position, range) in ranges.iter().enumerate() {
        if range.end < range.start || previous.is_some_and(|end| range.start <= end) {
            return Err(BuildError::OutOfOrder { position });
        }
        previous = Some(range.end);
    }
    Ok(())
}

/// The index of ranges: a word for each bucket, then the slots of all buckets in a row. A slot holds the
/// position of the first range that starts in it or after, so each slot also ends the one before.
fn index<K: TableKey>(ranges: &[K::Bounds]) -> Vec<IndexLine> {
    let mut words = Vec::with_capacity(2 * BUCKETS as usize + ranges.len() / 2 + 1);
    let mut slots: Vec<u32> = Vec::with_capacity(BUCKETS as usize + ranges.len() / 2 + 1);
    let mut position = 0;
    let mut rest = ranges;
    for bucket in 0..BUCKETS {
        let in_bucket = rest.partition_point(|range| K::start(range).bucket() == bucket);
        let (mut here, after) = rest.split_at(in_bucket);
        rest = after;
        let slot_bits = slot_bits(here.len()).min(K::MAX_SLOT_BITS);
        words.push(Bucket::new(slots.len() as u32, slot_bits).0);
        for slot in 0..1u32 << slot_bits {
            slots.push(position);
            let in_slot = here.partition_point(|range| K::start(range).slot(slot_bits) == slot);
            here = here.get(in_slot..).unwrap_or_default();
            position += in_slot as u32;
        }
    }
    slots.push(position);
    words.append(&mut slots);

    let mut lines = vec![
        IndexLine([0; INDEX_LINE_WORDS as usize]);
        words.len().div_ceil(INDEX_LINE_WORDS as usize)
    ];
    let places = lines.iter_mut().flat_map(|IndexLine(line)| line);
    for (place, word) in places.zip(words) {
        *place = word;
    }
    lines
}

/// Enough bits for about two ranges a slot, if they were spread evenly.
const fn slot_bits(ranges: usize) -> u32 {
    if ranges <= 2 {
        0
    } else {
        (ranges / 2).next_power_of_two().ilog2()
    }
}

impl TableKey for V4 {
    type Bounds = BoundsV4;
    const LOWEST: Self = Self(0);
    const MAX_SLOT_BITS: u32 = 16;

    fn bounds(start: Self, end: Self) -> BoundsV4 {
        BoundsV4 {
            start: start.0,
            end: end.0,
        }
    }

    fn start(bounds: &BoundsV4) -> Self {
        Self(bounds.start)
    }

    fn end(bounds: &BoundsV4) -> Self {
        Self(bounds.end)
    }
}

impl TableKey for V6 {
    type Bounds = BoundsV6;
    const LOWEST: Self = Self { high: 0, low: 0 };
    /// A single /16 spread over a million slots takes 4 MiB; more ranges than that share slots.
    const MAX_SLOT_BITS: u32 = 20;

    fn bounds(start: Self, end: Self) -> BoundsV6 {
        BoundsV6 {
            start: [start.high, start.low],
            end: [end.high, end.low],
        }
    }

    fn start(bounds: &BoundsV6) -> Self {
        let [high, low] = bounds.start;
        Self { high, low }
    }

    fn end(bounds: &BoundsV6) -> Self {
        let [high, low] = bounds.end;
        Self { high, low }
    }
}
