//! Intervals on their way into the tables that the kernel searches.

use exitguard::policy::{Address, Interval, merge, subtract};
use exitguard_common::abi::ClassId;
use exitguard_common::ranges::{Range, RangeTable, TableKey, V4, V6, lookup};

use super::input::Input;

/// More would only make each run slower.
const MOST: usize = 64;

/// Arbitrary intervals: the table finds what a walk over all of them finds.
pub(super) fn ranges(bytes: &[u8]) {
    let mut input = Input(bytes);
    if input.byte().is_multiple_of(2) {
        check(&mut input, v4, |at| V4(at as u32), u128::from(u32::MAX));
    } else {
        check(&mut input, v6, key_v6, u128::MAX);
    }
}

/// Near each other more often than not: a few bits choose where, the others are the distance.
fn v4(input: &mut Input<'_>) -> u128 {
    let [place, bits @ ..] = input.array::<5>();
    let bits = u32::from_be_bytes(bits);
    u128::from(match place % 4 {
        0 => bits,
        1 => bits & 0xff,
        2 => u32::MAX - (bits & 0xff),
        _ => 0xc000_0200 | bits & 0x1_ffff,
    })
}

fn v6(input: &mut Input<'_>) -> u128 {
    let [place, bits @ ..] = input.array::<17>();
    let bits = u128::from_be_bytes(bits);
    match place % 4 {
        0 => bits,
        1 => bits & 0xff,
        2 => u128::MAX - (bits & 0xff),
        _ => 0x2001_0db8 << 96 | bits & 0xff << 88 | bits & 0xff << 60 | bits & 0xff,
    }
}

const fn key_v6(at: u128) -> V6 {
    V6 {
        high: (at >> 64) as u64,
        low: at as u64,
    }
}

fn check<K: Address>(
    input: &mut Input<'_>,
    mut take: impl FnMut(&mut Input<'_>) -> u128,
    key: impl Fn(u128) -> K,
    last: u128,
) {
    let mut all: [Vec<(u128, u128)>; 2] = [Vec::new(), Vec::new()];
    while !input.is_empty() && all.iter().map(Vec::len).sum::<usize>() < MOST {
        let is_hole = input.byte().is_multiple_of(4);
        let (one, other) = (take(input), take(input));
        let [intervals, holes] = &mut all;
        let of = if is_hole { holes } else { intervals };
        of.push((one.min(other), one.max(other)));
    }
    let [intervals, holes] = &all;
    let keyed = |of: &[(u128, u128)]| -> Vec<Interval<K>> {
        let of = of.iter();
        of.map(|(start, end)| Interval {
            start: key(*start),
            end: key(*end),
        })
        .collect()
    };
    unsorted(&keyed(intervals));
    let left = subtract(&merge(keyed(intervals)), &merge(keyed(holes)));
    let ranges: Vec<Range<K>> = left
        .iter()
        .zip(1..)
        .map(|(interval, class)| Range {
            start: interval.start,
            end: interval.end,
            class: ClassId(class),
        })
        .collect();
    let table = RangeTable::new(&ranges);
    assert!(table.is_ok(), "{ranges:?}");
    let holds = |of: &[(u128, u128)], at| of.iter().any(|(start, end)| *start <= at && at <= *end);
    let bounds = all.iter().flatten().flat_map(|(start, end)| [*start, *end]);
    let near = bounds.flat_map(|at| [at.saturating_sub(1), at, at.saturating_add(1).min(last)]);
    if let Ok(table) = table {
        for at in near.chain([0, last]) {
            let found = lookup(&table, key(at));
            let mut walked = ranges.iter();
            let walked = walked.find(|range| range.start <= key(at) && key(at) <= range.end);
            let class = walked.map_or(ClassId::PLAIN, |range| range.class);
            assert_eq!(found, Some(class), "{at:x}");
            let expected = holds(intervals, at) && !holds(holes, at);
            assert_eq!(class != ClassId::PLAIN, expected, "{at:x}");
        }
    }
}

/// Ranges as they come: refused, or in order.
fn unsorted<K: TableKey>(intervals: &[Interval<K>]) {
    let range = |interval: &Interval<K>| Range {
        start: interval.start,
        end: interval.end,
        class: ClassId(1),
    };
    let ranges: Vec<_> = intervals.iter().map(range).collect();
    let in_order = ranges.windows(2).all(|pair| match pair {
        [one, next] => one.end < next.start,
        _ => true,
    });
    assert_eq!(RangeTable::new(&ranges).is_ok(), in_order);
}
