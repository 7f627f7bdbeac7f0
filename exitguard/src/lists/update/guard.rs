//! Whether a version is put in force.
//!
//! The limits come from the history of published lists: in six years of fourteen of them they hold five
//! versions, of which four were accidents.

use super::{Counts, Held, Outcome, Reason, Record, Version};
use jiff::{SignedDuration, Timestamp};

/// A list that loses more than one in so many entries …
const SHRINKS_TO: usize = 2;
/// … and more than this many, is held.
const LOST: usize = 100;
/// A list that has more than so many times the entries …
const GROWS_TO: usize = 4;
/// … and more than this many more, is held.
const MORE: usize = 1_000;

/// What is held is put in force when it was seen so often …
const TIMES: u32 = 3;
/// … over this time, …
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// … and its size stayed the same within one in so many.
const SAME: usize = 10;

/// Puts a version in its place: in force, or aside.
pub(super) fn place(
    record: &mut Record,
    version: Version,
    allow_empty: bool,
    now: Timestamp,
) -> Outcome {
    let entries = version.counts.entries();
    let reference = record.accepted.as_ref();
    let reference = reference.filter(|accepted| accepted.url == version.url);
    let is_same = |counts: &Counts| *counts == version.counts;
    if reference.is_some_and(|accepted| is_same(&accepted.counts)) {
        // The same entries, perhaps with another date in a comment.
        record.held = None;
        record.unchanged = true;
        let accepted_at = record
            .accepted
            .as_ref()
            .map(|accepted| accepted.accepted_at);
        record.accepted = Some(Version {
            accepted_at: accepted_at.unwrap_or(now),
            ..version
        });
        return Outcome::Unchanged { entries };
    }
    let was = reference.map(|accepted| accepted.counts.entries());
    let released = match judge(was, entries, allow_empty) {
        None => false,
        Some(reason) => {
            let held = hold(record.held.take(), reason, version.clone(), now);
            if !is_settled(&held, now) {
                record.held = Some(held.clone());
                return Outcome::Held(held);
            }
            true
        }
    };
    record.held = None;
    record.unchanged = false;
    let was = record
        .accepted
        .as_ref()
        .map(|accepted| accepted.counts.entries());
    record.accepted = Some(Version {
        accepted_at: now,
        ..version
    });
    Outcome::Accepted {
        entries,
        was,
        released,
    }
}

/// Why a version with so many entries is not put in force, when the last accepted one had `was`.
pub(super) fn judge(was: Option<usize>, now: usize, allow_empty: bool) -> Option<Reason> {
    let from = was.unwrap_or(0);
    if now == 0 && was != Some(0) && !allow_empty {
        return Some(Reason::Empty);
    }
    if now.saturating_mul(SHRINKS_TO) < from && from - now > LOST {
        return Some(Reason::Shrunk { from, to: now });
    }
    if from > 0 && now > from.saturating_mul(GROWS_TO) && now - from > MORE {
        return Some(Reason::Grown { from, to: now });
    }
    None
}

fn hold(before: Option<Held>, reason: Reason, version: Version, now: Timestamp) -> Held {
    let entries = version.counts.entries();
    match before {
        Some(before) if is_about(before.first_entries, entries) => Held {
            reason,
            times: before.times.saturating_add(1),
            version,
            ..before
        },
        _ => Held {
            reason,
            first_seen: now,
            times: 1,
            first_entries: entries,
            version,
        },
    }
}

const fn is_about(first: usize, entries: usize) -> bool {
    first.abs_diff(entries) <= first / SAME
}

/// Whether it stayed so long that it is no accident. An empty list protects nobody: that takes a person.
fn is_settled(held: &Held, now: Timestamp) -> bool {
    held.reason != Reason::Empty
        && held.times >= TIMES
        && now.duration_since(held.first_seen) >= PATIENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_lose_half_of_its_entries_or_a_hundred_and_not_both() {
        let shrunk = |from, to| Some(Reason::Shrunk { from, to });
        for (was, now, expected) in [
            (1_000, 500, None),
            (1_000, 499, shrunk(1_000, 499)),
            (1_001, 500, shrunk(1_001, 500)),
            (101, 1, None),
            (102, 1, shrunk(102, 1)),
        ] {
            assert_eq!(judge(Some(was), now, false), expected, "{was} {now}");
        }
    }

    #[test]
    fn a_list_may_grow_fourfold_or_by_a_thousand_and_not_both() {
        let grown = |from, to| Some(Reason::Grown { from, to });
        for (was, now, expected) in [
            (1_000, 4_000, None),
            (1_000, 4_001, grown(1_000, 4_001)),
            (10, 1_010, None),
            (10, 1_011, grown(10, 1_011)),
            (usize::MAX, usize::MAX, None),
        ] {
            assert_eq!(judge(Some(was), now, false), expected, "{was} {now}");
        }
    }

    #[test]
    fn a_first_version_is_compared_with_nothing_but_has_to_have_entries() {
        assert_eq!(judge(None, 1_000_000, false), None);
        assert_eq!(judge(None, 0, false), Some(Reason::Empty));
        assert_eq!(judge(None, 0, true), None);
        // What a person accepted as empty may be empty, and may fill up again.
        assert_eq!(judge(Some(0), 0, false), None);
        assert_eq!(judge(Some(0), 1_000_000, false), None);
        // A list that may be empty has few entries; one of many is not emptied at once.
        assert_eq!(judge(Some(100), 0, true), None);
        let shrunk = Some(Reason::Shrunk { from: 101, to: 0 });
        assert_eq!(judge(Some(101), 0, true), shrunk);
    }
}
