//! Against the plainest look-up there is: walk all ranges.

use super::*;
use proptest::prelude::*;

fn naive<K: TableKey>(ranges: &[Range<K>], key: K) -> ClassId {
    ranges
        .iter()
        .find(|range| range.start <= key && key <= range.end)
        .map_or(ClassId::PLAIN, |range| range.class)
}

/// Disjoint ascending ranges out of arbitrary bounds: sort them, pair them up.
fn disjoint<K: TableKey>(mut bounds: Vec<K>) -> Vec<Range<K>> {
    bounds.sort_unstable();
    bounds.dedup();
    let (pairs, _) = bounds.as_chunks();
    pairs
        .iter()
        .zip(1..)
        .map(|(&[start, end], class)| Range {
            start,
            end,
            class: ClassId(class),
        })
        .collect()
}

/// The ranges of a table as they were given.
fn without_lowest<K: TableKey>(table: &RangeTable<K>) -> Vec<Range<K>> {
    table
        .iter()
        .skip_while(|range| range.class == ClassId::PLAIN)
        .collect()
}

fn v6(high: u64, low: u64) -> V6 {
    V6 { high, low }
}

/// Addresses that crowd: equal top bits, equal next bits, far apart.
fn crowded_v4() -> impl Strategy<Value = V4> {
    prop_oneof![
        any::<u32>().prop_map(V4),
        (0u32..4, any::<u16>()).prop_map(|(high, low)| V4(high << 16 | u32::from(low))),
        (0u32..64).prop_map(|low| V4(0x0a01_0200 + low)),
        prop_oneof![
            Just(V4(0)),
            Just(V4(u32::MAX)),
            Just(V4(0xffff)),
            Just(V4(0x1_0000))
        ],
    ]
}

fn crowded_v6() -> impl Strategy<Value = V6> {
    prop_oneof![
        (any::<u64>(), any::<u64>()).prop_map(|(high, low)| v6(high, low)),
        (any::<u16>(), any::<u64>())
            .prop_map(|(high, low)| v6(0x2001_0db8_0000_0000 | u64::from(high), low)),
        (0u64..4, 0u64..64).prop_map(|(high, low)| v6(0x2a00_0000_0000_0000 | high << 16, low)),
        prop_oneof![Just(v6(0, 0)), Just(v6(u64::MAX, u64::MAX))],
    ]
}

/// Probes every boundary and both of its neighbours.
fn around_v4(ranges: &[Range<V4>]) -> Vec<V4> {
    let bounds = ranges.iter().flat_map(|range| [range.start.0, range.end.0]);
    bounds
        .flat_map(|at| [at.wrapping_sub(1), at, at.wrapping_add(1)])
        .map(V4)
        .collect()
}

fn around_v6(ranges: &[Range<V6>]) -> Vec<V6> {
    let number = |key: V6| u128::from(key.high) << 64 | u128::from(key.low);
    let bounds = ranges
        .iter()
        .flat_map(|range| [number(range.start), number(range.end)]);
    let near = bounds.flat_map(|at| [at.wrapping_sub(1), at, at.wrapping_add(1)]);
    near.map(|at| v6((at >> 64) as u64, at as u64)).collect()
}

proptest! {
    #[test]
    fn finds_what_a_walk_over_all_v4_ranges_finds(
        bounds in prop::collection::vec(crowded_v4(), 0..600),
        probes in prop::collection::vec(crowded_v4(), 50),
    ) {
        let ranges = disjoint(bounds);
        let table = RangeTable::new(&ranges).unwrap();
        for probe in around_v4(&ranges).into_iter().chain(probes) {
            prop_assert_eq!(lookup(&table, probe), Some(naive(&ranges, probe)), "{:?}", probe);
        }
        prop_assert_eq!(without_lowest(&table), ranges);
    }

    #[test]
    fn finds_what_a_walk_over_all_v6_ranges_finds(
        bounds in prop::collection::vec(crowded_v6(), 0..600),
        probes in prop::collection::vec(crowded_v6(), 50),
    ) {
        let ranges = disjoint(bounds);
        let table = RangeTable::new(&ranges).unwrap();
        for probe in around_v6(&ranges).into_iter().chain(probes) {
            prop_assert_eq!(lookup(&table, probe), Some(naive(&ranges, probe)), "{:?}", probe);
        }
        prop_assert_eq!(without_lowest(&table), ranges);
    }
}

#[test]
fn an_empty_table_knows_no_address() {
    let table = RangeTable::<V4>::new(&[]).unwrap();
    assert_eq!(without_lowest(&table), []);
    for at in [0, 1, 0x0a00_0000, u32::MAX] {
        assert_eq!(lookup(&table, V4(at)), Some(ClassId::PLAIN));
    }
}

#[test]
fn one_range_can_be_the_whole_address_space() {
    let all = Range {
        start: v6(0, 0),
        end: v6(u64::MAX, u64::MAX),
        class: ClassId(9),
    };
    let table = RangeTable::new(&[all]).unwrap();
    for key in [all.start, v6(0x2001_0db8 << 32, 7), all.end] {
        assert_eq!(lookup(&table, key), Some(ClassId(9)));
    }
}

#[test]
fn a_million_ranges_in_one_bucket_are_found_within_the_step_bound() {
    // 2001:db8::/32 full of single addresses far apart in the low half: one slot holds all of them.
    let ranges: Vec<_> = (0..1_000_000u64)
        .map(|n| {
            let key = v6(0x2001_0db8_0000_0000, n << 8);
            Range {
                start: key,
                end: key,
                class: ClassId(1 + (n % 1000) as u16),
            }
        })
        .collect();
    let table = RangeTable::new(&ranges).unwrap();
    for n in (0..1_000_000u64).step_by(9_973).chain([999_999]) {
        let key = v6(0x2001_0db8_0000_0000, n << 8);
        assert_eq!(lookup(&table, key), Some(ClassId(1 + (n % 1000) as u16)));
        assert_eq!(
            lookup(&table, v6(key.high, key.low + 1)),
            Some(ClassId::PLAIN)
        );
    }
}

#[test]
fn a_million_v4_ranges_take_less_than_sixteen_mebibytes() {
    let ranges: Vec<_> = (0..1_000_000u32)
        .map(|n| V4(n.wrapping_mul(4_294)))
        .map(|key| Range {
            start: key,
            end: key,
            class: ClassId(1),
        })
        .collect();
    let table = RangeTable::new(&ranges).unwrap();
    let bytes =
        size_of_val(table.index()) + size_of_val(table.bounds()) + size_of_val(table.classes());
    assert!(bytes < 16 << 20, "{bytes} bytes");
}

#[test]
fn refuses_ranges_that_are_out_of_order() {
    let range = |start, end| Range {
        start: V4(start),
        end: V4(end),
        class: ClassId(1),
    };
    for (ranges, position) in [
        (vec![range(5, 4)], 0),
        (vec![range(1, 5), range(5, 6)], 1),
        (vec![range(8, 9), range(1, 2)], 1),
    ] {
        assert_eq!(
            RangeTable::new(&ranges).unwrap_err(),
            BuildError::OutOfOrder { position }
        );
    }
}

#[test]
fn an_index_that_points_nowhere_is_reported_not_guessed() {
    struct Broken;
    impl RangeStore for Broken {
        type Key = V4;
        fn index_word(&self, at: u32) -> Option<u32> {
            (at < BUCKETS).then_some(u32::MAX)
        }
        fn start(&self, _: u32) -> Option<V4> {
            None
        }
        fn end(&self, _: u32) -> Option<V4> {
            None
        }
        fn class(&self, _: u32) -> Option<ClassId> {
            None
        }
    }
    assert_eq!(lookup(&Broken, V4(1)), None);
}
