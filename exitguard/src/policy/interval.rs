//! Arithmetic on intervals of addresses: exact, and the same for both families.

use exitguard_common::ranges::{TableKey, V4, V6};
use ipnet::{Ipv4Net, Ipv6Net};

/// A key that has neighbours.
pub trait Address: TableKey + std::fmt::Debug {
    /// The lowest address.
    const FIRST: Self;

    /// The next address, or `None` after the last.
    fn next(self) -> Option<Self>;

    /// The address before, or `None` before the first.
    fn previous(self) -> Option<Self>;
}

impl Address for V4 {
    const FIRST: Self = Self(0);

    fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }
}

impl Address for V6 {
    const FIRST: Self = Self { high: 0, low: 0 };

    fn next(self) -> Option<Self> {
        match self.low.checked_add(1) {
            Some(low) => Some(Self { low, ..self }),
            None => self.high.checked_add(1).map(|high| Self { high, low: 0 }),
        }
    }

    fn previous(self) -> Option<Self> {
        match self.low.checked_sub(1) {
            Some(low) => Some(Self { low, ..self }),
            None => self.high.checked_sub(1).map(|high| Self {
                high,
                low: u64::MAX,
            }),
        }
    }
}

/// Addresses `start..=end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval<K> {
    /// First address.
    pub start: K,
    /// Last address.
    pub end: K,
}

impl From<Ipv4Net> for Interval<V4> {
    fn from(net: Ipv4Net) -> Self {
        Self {
            start: V4(net.network().to_bits()),
            end: V4(net.broadcast().to_bits()),
        }
    }
}

impl From<Ipv6Net> for Interval<V6> {
    fn from(net: Ipv6Net) -> Self {
        let key = |addr: std::net::Ipv6Addr| {
            let bits = addr.to_bits();
            V6 {
                high: (bits >> 64) as u64,
                low: bits as u64,
            }
        };
        Self {
            start: key(net.network()),
            end: key(net.broadcast()),
        }
    }
}

/// Sorts intervals and joins those that overlap or touch.
pub fn merge<K: Address>(mut intervals: Vec<Interval<K>>) -> Vec<Interval<K>> {
    intervals.sort_unstable();
    join(intervals)
}

/// Joins intervals that overlap or touch. They come by ascending start.
pub(super) fn join<K: Address>(mut intervals: Vec<Interval<K>>) -> Vec<Interval<K>> {
    debug_assert!(intervals.is_sorted_by_key(|interval| interval.start));
    intervals.dedup_by(|later, earlier| {
        let joins = earlier.end.next().is_none_or(|after| later.start <= after);
        if joins && later.end > earlier.end {
            earlier.end = later.end;
        }
        joins
    });
    intervals
}

/// What of `from` is not in `what`; both merged.
pub fn subtract<K: Address>(from: &[Interval<K>], what: &[Interval<K>]) -> Vec<Interval<K>> {
    let mut left = Vec::with_capacity(from.len());
    let mut holes = what;
    for interval in from {
        let mut start = Some(interval.start);
        // Holes that end before this interval starts are behind every later one too.
        let behind = holes.partition_point(|hole| hole.end < interval.start);
        holes = holes.get(behind..).unwrap_or_default();
        for hole in holes.iter().take_while(|hole| hole.start <= interval.end) {
            let Some(from) = start else { break };
            if let Some(end) = hole.start.previous().filter(|end| from <= *end) {
                left.push(Interval { start: from, end });
            }
            start = hole.end.next();
        }
        if let Some(start) = start.filter(|start| *start <= interval.end) {
            left.push(Interval {
                start,
                end: interval.end,
            });
        }
    }
    left
}

/// The same, in place when there is nothing to do: a list can be long, and few lists have to be cut.
pub(super) fn cut<K: Address>(from: Vec<Interval<K>>, what: &[Interval<K>]) -> Vec<Interval<K>> {
    let overlaps = |hole: &Interval<K>| {
        let after = from.partition_point(|interval| interval.end < hole.start);
        from.get(after)
            .is_some_and(|interval| interval.start <= hole.end)
    };
    if what.iter().any(overlaps) {
        subtract(&from, what)
    } else {
        from
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn interval(start: u32, end: u32) -> Interval<V4> {
        Interval {
            start: V4(start),
            end: V4(end),
        }
    }

    fn small() -> impl Strategy<Value = Vec<Interval<V4>>> {
        prop::collection::vec((0u32..200, 0u32..20), 0..30).prop_map(|all| {
            all.into_iter()
                .map(|(start, length)| interval(start, start + length))
                .collect()
        })
    }

    fn holds(intervals: &[Interval<V4>], at: u32) -> bool {
        intervals
            .iter()
            .any(|interval| interval.start.0 <= at && at <= interval.end.0)
    }

    proptest! {
        #[test]
        fn merging_keeps_every_address_and_leaves_gaps_between(intervals in small()) {
            let merged = merge(intervals.clone());
            for at in 0..230 {
                prop_assert_eq!(holds(&merged, at), holds(&intervals, at), "{}", at);
            }
            for pair in merged.windows(2) {
                prop_assert!(pair[0].end.0 + 1 < pair[1].start.0);
            }
        }

        #[test]
        fn subtracting_is_exact(from in small(), what in small()) {
            let (from, what) = (merge(from), merge(what));
            let left = subtract(&from, &what);
            for at in 0..230 {
                prop_assert_eq!(holds(&left, at), holds(&from, at) && !holds(&what, at), "{}", at);
            }
            prop_assert_eq!(cut(from, &what), left);
        }
    }

    #[test]
    fn the_ends_of_the_address_space_do_not_overflow() {
        let all = interval(0, u32::MAX);
        assert_eq!(merge(vec![all, interval(5, 9)]), [all]);
        assert_eq!(subtract(&[all], &[all]), []);
        assert_eq!(subtract(&[all], &[interval(0, 0)]), [interval(1, u32::MAX)]);
        assert_eq!(
            subtract(&[all], &[interval(u32::MAX, u32::MAX)]),
            [interval(0, u32::MAX - 1)]
        );
        let last = V6 {
            high: u64::MAX,
            low: u64::MAX,
        };
        assert_eq!(last.next(), None);
        assert_eq!(V6::FIRST.previous(), None);
        assert_eq!(
            V6 {
                high: 1,
                low: u64::MAX
            }
            .next(),
            Some(V6 { high: 2, low: 0 })
        );
        assert_eq!(
            V6 { high: 2, low: 0 }.previous(),
            Some(V6 {
                high: 1,
                low: u64::MAX
            })
        );
    }

    #[test]
    fn prefixes_cover_their_whole_network() {
        let net: Ipv4Net = "192.0.2.128/25".parse().unwrap();
        assert_eq!(Interval::from(net), interval(0xc000_0280, 0xc000_02ff));
        let net: Ipv6Net = "2001:db8::/32".parse().unwrap();
        let high = 0x2001_0db8_0000_0000;
        assert_eq!(
            Interval::from(net),
            Interval {
                start: V6 { high, low: 0 },
                end: V6 {
                    high: high | 0xffff_ffff,
                    low: u64::MAX
                }
            }
        );
    }
}
