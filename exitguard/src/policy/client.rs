//! Clients by longest prefix: nested prefixes become disjoint intervals.

use super::interval::{Address, Interval};
use super::layers::{Layer, Meaning};
use exitguard_common::abi::RuleId;
use std::collections::BTreeMap;

/// Flattens prefixes, of which a longer one wins inside a shorter one, into one layer a rule.
///
/// Prefixes either nest or do not touch, so a stack of the open ones is enough.
pub(super) fn flatten<K: Address>(prefixes: &[(Interval<K>, RuleId)]) -> Vec<Layer<K>> {
    let mut sorted = prefixes.to_vec();
    // Outer before inner: same start, then the one that ends later.
    sorted.sort_unstable_by(|(a, _), (b, _)| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));

    let mut pieces: BTreeMap<RuleId, Vec<Interval<K>>> = BTreeMap::new();
    let mut emit = |rule, start: K, end: K| {
        if start <= end {
            pieces
                .entry(rule)
                .or_default()
                .push(Interval { start, end });
        }
    };
    // Open prefixes, outermost first, each with the address from which nothing was emitted for it yet.
    let mut open: Vec<(Interval<K>, RuleId, Option<K>)> = Vec::new();
    for (interval, rule) in sorted {
        close(&mut open, Some(interval.start), &mut emit);
        if let Some((_, outer, Some(from))) = open.last()
            && let Some(end) = interval.start.previous()
        {
            emit(*outer, *from, end);
        }
        if let Some((_, _, from)) = open.last_mut() {
            *from = interval.end.next();
        }
        open.push((interval, rule, Some(interval.start)));
    }
    close(&mut open, None, &mut emit);
    pieces
        .into_iter()
        .map(|(rule, intervals)| Layer {
            meaning: Meaning::Rule(rule),
            intervals: super::interval::merge(intervals),
        })
        .collect()
}

/// Emits what is left of every open prefix that ends before `next` (all of them, for `None`).
fn close<K: Address>(
    open: &mut Vec<(Interval<K>, RuleId, Option<K>)>,
    next: Option<K>,
    emit: &mut impl FnMut(RuleId, K, K),
) {
    while let Some((interval, rule, from)) =
        open.pop_if(|(interval, _, _)| next.is_none_or(|next| interval.end < next))
    {
        if let Some(from) = from {
            emit(rule, from, interval.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exitguard_common::ranges::V4;
    use ipnet::Ipv4Net;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn longest(prefixes: &[(Ipv4Net, RuleId)], at: u32) -> Option<RuleId> {
        prefixes
            .iter()
            .filter(|(net, _)| net.contains(&Ipv4Addr::from_bits(at)))
            .max_by_key(|(net, _)| net.prefix_len())
            .map(|(_, rule)| *rule)
    }

    fn flattened(prefixes: &[(Ipv4Net, RuleId)], at: u32) -> Option<RuleId> {
        let intervals: Vec<_> = prefixes
            .iter()
            .map(|(net, rule)| (Interval::<V4>::from(*net), *rule))
            .collect();
        let layers = flatten(&intervals);
        let mut hits = layers.iter().filter(|layer| {
            layer
                .intervals
                .iter()
                .any(|interval| interval.start.0 <= at && at <= interval.end.0)
        });
        let hit = hits.next();
        assert!(hits.next().is_none(), "two rules for {at:x}");
        hit.map(|layer| match layer.meaning {
            Meaning::Rule(rule) => rule,
            other => panic!("{other:?}"),
        })
    }

    proptest! {
        #[test]
        fn the_longest_prefix_wins(
            prefixes in prop::collection::btree_map((0u32..16, 26u8..=32), 2u16..9, 0..12),
            probe in 0u32..64,
        ) {
            let prefixes: Vec<(Ipv4Net, RuleId)> = prefixes
                .into_iter()
                .map(|((at, length), rule)| {
                    let net = Ipv4Net::new(Ipv4Addr::from_bits(0x6440_0000 + at * 4), length).unwrap().trunc();
                    (net, RuleId(rule))
                })
                // Equal prefixes are refused before they get here.
                .collect::<BTreeMap<_, _>>().into_iter().collect();
            let at = 0x6440_0000 + probe;
            prop_assert_eq!(flattened(&prefixes, at), longest(&prefixes, at));
        }
    }

    #[test]
    fn a_client_may_be_everything_with_exceptions() {
        let net = |text: &str| text.parse::<Ipv4Net>().unwrap();
        let prefixes = [
            (net("0.0.0.0/0"), RuleId(2)),
            (net("255.255.255.255/32"), RuleId(3)),
            (net("0.0.0.0/32"), RuleId(4)),
        ];
        for (at, rule) in [(0, 4), (1, 2), (u32::MAX - 1, 2), (u32::MAX, 3)] {
            assert_eq!(flattened(&prefixes, at), Some(RuleId(rule)), "{at}");
        }
    }
}
