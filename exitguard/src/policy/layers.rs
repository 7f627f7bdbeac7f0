//! Layers of intervals, laid over each other, cut the address space into classes.

use super::interval::{Address, Interval};
use exitguard_common::abi::{AddressClass, ClassFlags, ClassId, RuleId};
use exitguard_common::ranges::Range;
use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashMap};

/// What a layer says about its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// As destinations they have these flags.
    Flags(ClassFlags),
    /// They are on the list with this number.
    List(u32),
    /// As clients they have this rule.
    Rule(RuleId),
}

/// Merged intervals of one meaning.
#[derive(Clone, Debug)]
pub(super) struct Layer<K> {
    pub(super) meaning: Meaning,
    pub(super) intervals: Vec<Interval<K>>,
}

/// The classes of a policy, shared by both families.
#[derive(Debug)]
pub(super) struct Classes {
    all: Vec<AddressClass>,
    numbers: HashMap<AddressClass, ClassId>,
    /// The last two that were asked for: most of the time it goes to and fro between two.
    recent: [(AddressClass, ClassId); 2],
}

/// More different classes of addresses than a range can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyClasses;

impl Classes {
    pub(super) fn new() -> Self {
        Self {
            all: vec![AddressClass::PLAIN],
            numbers: HashMap::from([(AddressClass::PLAIN, ClassId::PLAIN)]),
            recent: [(AddressClass::PLAIN, ClassId::PLAIN); 2],
        }
    }

    fn number(&mut self, class: AddressClass) -> Result<ClassId, TooManyClasses> {
        let [last, before] = self.recent;
        if class == last.0 {
            return Ok(last.1);
        }
        if class == before.0 {
            self.recent = [before, last];
            return Ok(before.1);
        }
        let number = self.find_or_add(class)?;
        self.recent = [(class, number), last];
        Ok(number)
    }

    fn find_or_add(&mut self, class: AddressClass) -> Result<ClassId, TooManyClasses> {
        if let Some(number) = self.numbers.get(&class) {
            return Ok(*number);
        }
        let number = u16::try_from(self.all.len())
            .map(ClassId)
            .map_err(|_| TooManyClasses)?;
        self.all.push(class);
        self.numbers.insert(class, number);
        Ok(number)
    }

    pub(super) fn into_vec(self) -> Vec<AddressClass> {
        self.all
    }
}

/// Where a layer changes next: it begins or ends to apply.
struct Cursor<'a, K> {
    meaning: Meaning,
    rest: &'a [Interval<K>],
    applies: bool,
}

impl<K: Address> Cursor<'_, K> {
    fn next_change(&self) -> Option<K> {
        let interval = self.rest.first()?;
        if self.applies {
            interval.end.next()
        } else {
            Some(interval.start)
        }
    }

    fn step(&mut self) {
        if self.applies {
            self.rest = self.rest.split_first().map_or(&[], |(_, rest)| rest);
        }
        self.applies = !self.applies;
    }
}

/// Sweeps over all layers at once and returns the ranges in which something applies, ascending. Ranges
/// that touch and have the same class are one.
pub(super) fn sweep<K: Address>(
    layers: &[Layer<K>],
    classes: &mut Classes,
) -> Result<Vec<Range<K>>, TooManyClasses> {
    let mut cursors: Vec<Cursor<'_, K>> = layers
        .iter()
        .map(|layer| Cursor {
            meaning: layer.meaning,
            rest: &layer.intervals,
            applies: false,
        })
        .collect();
    let mut changes: BinaryHeap<Reverse<(K, usize)>> = cursors
        .iter()
        .enumerate()
        .filter_map(|(layer, cursor)| cursor.next_change().map(|at| Reverse((at, layer))))
        .collect();
    let mut ranges: Vec<Range<K>> =
        Vec::with_capacity(layers.iter().map(|layer| layer.intervals.len()).sum());
    let mut class = AddressClass::PLAIN;
    let mut start = K::FIRST;
    while let Some(mut next) = changes.peek_mut() {
        let Reverse((at, layer)) = *next;
        if let Some(end) = at.previous().filter(|end| start <= *end) {
            push(&mut ranges, classes, Interval { start, end }, class)?;
        }
        start = at;
        let cursor = cursors.get_mut(layer);
        let change = cursor.and_then(|cursor| {
            cursor.step();
            apply(&mut class, cursor.meaning, cursor.applies);
            cursor.next_change()
        });
        // To replace the top costs less than to take it off and put another in.
        match change {
            Some(at) => *next = Reverse((at, layer)),
            None => drop(PeekMut::pop(next)),
        }
    }
    // What still applies does so to the end of the address space: its layer has no change after it.
    if let Some(end) = cursors
        .iter()
        .filter(|cursor| cursor.applies)
        .find_map(|cursor| cursor.rest.first())
    {
        push(
            &mut ranges,
            classes,
            Interval {
                start,
                end: end.end,
            },
            class,
        )?;
    }
    Ok(ranges)
}

fn apply(class: &mut AddressClass, meaning: Meaning, applies: bool) {
    match meaning {
        Meaning::Flags(ClassFlags(flags)) if applies => class.flags.0 |= flags,
        Meaning::Flags(ClassFlags(flags)) => class.flags.0 &= !flags,
        Meaning::List(list) if applies => class.lists |= 1 << list,
        Meaning::List(list) => class.lists &= !(1 << list),
        Meaning::Rule(rule) if applies => class.rule = rule,
        // Another client's prefix may begin where this one ends, and may have been applied already.
        Meaning::Rule(rule) if class.rule == rule => class.rule = RuleId::EGRESS,
        Meaning::Rule(_) => {}
    }
}

fn push<K: Address>(
    ranges: &mut Vec<Range<K>>,
    classes: &mut Classes,
    interval: Interval<K>,
    class: AddressClass,
) -> Result<(), TooManyClasses> {
    let number = classes.number(class)?;
    if number == ClassId::PLAIN {
        return Ok(());
    }
    match ranges.last_mut() {
        Some(last) if last.class == number && last.end.next() == Some(interval.start) => {
            last.end = interval.end;
        }
        _ => ranges.push(Range {
            start: interval.start,
            end: interval.end,
            class: number,
        }),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::interval::merge;
    use super::*;
    use exitguard_common::ranges::V4;
    use proptest::prelude::*;

    fn layer(meaning: Meaning, intervals: &[(u32, u32)]) -> Layer<V4> {
        let intervals = intervals
            .iter()
            .map(|(start, end)| Interval {
                start: V4(*start),
                end: V4(*end),
            })
            .collect();
        Layer {
            meaning,
            intervals: merge(intervals),
        }
    }

    fn class_at(layers: &[Layer<V4>], at: u32) -> AddressClass {
        let mut class = AddressClass::PLAIN;
        for layer in layers {
            if layer
                .intervals
                .iter()
                .any(|interval| interval.start.0 <= at && at <= interval.end.0)
            {
                apply(&mut class, layer.meaning, true);
            }
        }
        class
    }

    fn check(layers: &[Layer<V4>], probes: impl Iterator<Item = u32>) {
        let mut classes = Classes::new();
        let ranges = sweep(layers, &mut classes).unwrap();
        let classes = classes.into_vec();
        for pair in ranges.windows(2) {
            assert!(pair[0].end < pair[1].start, "{ranges:?}");
        }
        for at in probes {
            let found = ranges
                .iter()
                .find(|range| range.start.0 <= at && at <= range.end.0)
                .map_or(AddressClass::PLAIN, |range| {
                    classes[usize::from(range.class.0)]
                });
            assert_eq!(found, class_at(layers, at), "{at}");
        }
    }

    proptest! {
        #[test]
        fn every_address_gets_the_union_of_the_layers_over_it(
            a in prop::collection::vec((0u32..100, 0u32..10), 0..8),
            b in prop::collection::vec((0u32..100, 0u32..10), 0..8),
            c in prop::collection::vec((0u32..100, 0u32..10), 0..8),
        ) {
            let bounds = |list: Vec<(u32, u32)>| list.into_iter().map(|(s, l)| (s, s + l)).collect::<Vec<_>>();
            let layers = [
                layer(Meaning::Flags(ClassFlags::LAN), &bounds(a)),
                layer(Meaning::List(0), &bounds(b)),
                layer(Meaning::List(63), &bounds(c)),
            ];
            check(&layers, 0..120);
        }
    }

    #[test]
    fn a_layer_may_reach_either_end_of_the_address_space() {
        let layers = [
            layer(Meaning::List(1), &[(0, u32::MAX)]),
            layer(Meaning::List(2), &[(0, 3), (u32::MAX, u32::MAX)]),
        ];
        check(&layers, [0, 3, 4, 5, u32::MAX - 1, u32::MAX].into_iter());
    }

    #[test]
    fn clients_whose_prefixes_touch_keep_their_own_rules() {
        let layers = [
            layer(Meaning::Rule(RuleId(3)), &[(16, 31)]),
            layer(Meaning::Rule(RuleId(2)), &[(0, 15), (32, 47)]),
        ];
        check(&layers, 0..60);
    }

    #[test]
    fn touching_ranges_of_one_class_are_one() {
        let layers = [
            layer(Meaning::List(1), &[(0, 3)]),
            layer(Meaning::List(1), &[(4, 9)]),
        ];
        let mut classes = Classes::new();
        let ranges = sweep(&layers, &mut classes).unwrap();
        assert_eq!(ranges.len(), 1);
    }
}
