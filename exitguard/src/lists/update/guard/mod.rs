//! Whether a version is put in force.
//!
//! The limits come from the history of published lists: in six years of fourteen of them they hold five
//! versions, of which four were accidents.

use super::{Counts, Held, Outcome, Reason, Record, Version};
use crate::config::List;
use crate::lists::store::Family;
use jiff::{SignedDuration, Timestamp};

/// A list that loses more than one in so many entries …
const SHRINKS_TO: usize = 2;
/// … and more than this many, is held.
const LOST: usize = 100;
/// A list that has more than so many times the entries …
const GROWS_TO: usize = 4;
/// … and more than this many more, is held.
const MORE: usize = 1_000;

/// More or less than so many addresses covered, or networks of IPv6, is no matter.
const ADDRESSES: u64 = 1 << 14;

/// What is held is put in force when it was seen so often …
const TIMES: u32 = 3;
/// … over this time, …
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// … and its size stayed the same within one in so many.
const SAME: usize = 10;

/// What the configuration lets a list do.
#[derive(Clone, Copy, Debug)]
pub(in crate::lists) struct Permits {
    /// It may be empty.
    pub(in crate::lists) empty: bool,
    /// Its format was named by a person, so it is not the list that says what it is.
    pub(in crate::lists) any_format: bool,
}

impl Permits {
    pub(in crate::lists) const fn of(list: &List) -> Self {
        Self {
            empty: list.allow_empty,
            any_format: list.format.is_some(),
        }
    }
}

/// Puts a version in its place: in force, or aside.
pub(in crate::lists) fn place(
    record: &mut Record,
    version: Version,
    permits: Permits,
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
        record.fresh_at = Some(now);
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
    let released = match judge(reference, &version, permits) {
        None => false,
        Some(reason) => {
            let held = hold(record.held.take(), reason, version.clone(), now);
            if !is_settled(&held, now) {
                record.held = Some(held.clone());
                return Outcome::Held(Box::new(held));
            }
            true
        }
    };
    record.held = None;
    record.unchanged = false;
    record.fresh_at = Some(now);
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

/// Why a version is not put in force, compared with the one that was accepted last.
fn judge(was: Option<&Version>, now: &Version, permits: Permits) -> Option<Reason> {
    let entries = now.counts.entries();
    let accepted = was.map(|was| was.counts.entries());
    judge_entries(accepted, entries, permits.empty).or_else(|| {
        let was = was?;
        // Nothing is written in any way.
        let is_about_something = entries > 0 && was.counts.entries() > 0;
        judge_format(was, now)
            .filter(|_| is_about_something && !permits.any_format)
            .or_else(|| judge_coverage(was, now))
    })
}

/// By the number of entries, of which the last accepted version had `was`.
fn judge_entries(was: Option<usize>, now: usize, may_be_empty: bool) -> Option<Reason> {
    let from = was.unwrap_or(0);
    if now == 0 && was != Some(0) && !may_be_empty {
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

fn judge_format(was: &Version, now: &Version) -> Option<Reason> {
    let (from, to) = (was.format.clone()?, now.format.clone()?);
    (from != to).then_some(Reason::Format { from, to })
}

/// By what is covered: a list may keep its entries and lose the lengths of its prefixes.
fn judge_coverage(was: &Version, now: &Version) -> Option<Reason> {
    // In a short list every prefix weighs much, and a person may have written it.
    if was.counts.entries().min(now.counts.entries()) <= LOST {
        return None;
    }
    let (was, now) = (was.covered?, now.covered?);
    [
        (Family::Ipv4, was.v4, now.v4),
        (Family::Ipv6, was.v6, now.v6),
    ]
    .into_iter()
    .find_map(|(of, from, to)| {
        if to.saturating_mul(SHRINKS_TO as u64) < from && from - to > ADDRESSES {
            Some(Reason::Narrowed { of, from, to })
        } else if from > 0 && to > from.saturating_mul(GROWS_TO as u64) && to - from > ADDRESSES {
            Some(Reason::Widened { of, from, to })
        } else {
            None
        }
    })
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
mod tests;
