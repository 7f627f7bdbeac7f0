//! How long a server that failed is left alone.

use jiff::{SignedDuration, Timestamp};
use std::hash::{DefaultHasher, Hash, Hasher};

/// After the first failure; it doubles with each.
const FIRST: SignedDuration = SignedDuration::from_mins(10);
/// Nobody waits longer, whatever the server asks for.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// So many doublings reach the longest.
const DOUBLINGS: u32 = 8;
/// The wait differs between lists by up to so many per cent in both directions, so that not all of them
/// ask at the same moment when a network comes back.
const JITTER: u64 = 10;

/// When to ask again.
pub(super) fn next(
    name: &str,
    fails: u32,
    now: Timestamp,
    retry_after: Option<Timestamp>,
) -> Timestamp {
    let doubled = FIRST.as_secs() << fails.saturating_sub(1).min(DOUBLINGS);
    let mut hasher = DefaultHasher::new();
    (name, fails).hash(&mut hasher);
    let percent = (hasher.finish() % (2 * JITTER + 1) + 100 - JITTER) as i64;
    let wait = SignedDuration::from_secs(doubled * percent / 100);
    let asked = retry_after.map_or(SignedDuration::ZERO, |until| until.duration_since(now));
    now.checked_add(wait.max(asked).min(LONGEST)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(fails: u32, retry_after: Option<i64>) -> i64 {
        let now = Timestamp::UNIX_EPOCH;
        let asked = retry_after.map(|seconds| Timestamp::from_second(seconds).unwrap());
        next("feodo", fails, now, asked).as_second()
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_day() {
        for (fails, minutes) in [(1, 10), (2, 20), (3, 40), (4, 80)] {
            let about = minutes * 54..=minutes * 66;
            assert!(about.contains(&wait(fails, None)), "{fails}");
        }
        for fails in [9, 10, 64, u32::MAX] {
            assert_eq!(wait(fails, None), 24 * 3600, "{fails}");
        }
    }

    #[test]
    fn a_server_may_ask_for_more_but_not_for_more_than_a_day() {
        assert_eq!(wait(1, Some(7200)), 7200);
        assert_eq!(wait(1, Some(1)), wait(1, None));
        assert_eq!(wait(1, Some(-7200)), wait(1, None));
        assert_eq!(wait(1, Some(i64::from(u32::MAX))), 24 * 3600);
    }

    #[test]
    fn lists_do_not_ask_at_the_same_moment() {
        let now = Timestamp::UNIX_EPOCH;
        let waits: std::collections::BTreeSet<_> = (0..20)
            .map(|list| next(&format!("list {list}"), 1, now, None))
            .collect();
        assert!(waits.len() > 5, "{waits:?}");
    }
}
