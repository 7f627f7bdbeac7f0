//! Where the limits are.

use super::*;
use crate::lists::store::Covered;

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
        assert_eq!(
            judge_entries(Some(was), now, false),
            expected,
            "{was} {now}"
        );
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
        assert_eq!(
            judge_entries(Some(was), now, false),
            expected,
            "{was} {now}"
        );
    }
}

#[test]
fn a_first_version_is_compared_with_nothing_but_has_to_have_entries() {
    assert_eq!(judge_entries(None, 1_000_000, false), None);
    assert_eq!(judge_entries(None, 0, false), Some(Reason::Empty));
    assert_eq!(judge_entries(None, 0, true), None);
    // What a person accepted as empty may be empty, and may fill up again.
    assert_eq!(judge_entries(Some(0), 0, false), None);
    assert_eq!(judge_entries(Some(0), 1_000_000, false), None);
    // A list that may be empty has few entries; one of many is not emptied at once.
    assert_eq!(judge_entries(Some(100), 0, true), None);
    let shrunk = Some(Reason::Shrunk { from: 101, to: 0 });
    assert_eq!(judge_entries(Some(101), 0, true), shrunk);
}

fn version(entries: usize, format: &str, v4: u64, v6: u64) -> Version {
    Version {
        url: String::new(),
        etag: None,
        last_modified: None,
        sha256: String::new(),
        counts: Counts {
            prefixes: entries,
            ..Counts::default()
        },
        accepted_at: Timestamp::UNIX_EPOCH,
        format: Some(format.to_owned()),
        covered: Some(Covered { v4, v6 }),
    }
}

const STRICT: Permits = Permits {
    empty: false,
    any_format: false,
};

#[test]
fn a_list_may_lose_half_of_what_it_covers_or_a_little_and_not_both() {
    let judged = |from: u64, to: u64, entries: usize, v6: bool| {
        let version = |covered| match v6 {
            true => version(entries, "plain", 7, covered),
            false => version(entries, "plain", covered, 7),
        };
        judge(Some(&version(from)), &version(to), STRICT)
    };
    for (v6, of) in [(false, Family::Ipv4), (true, Family::Ipv6)] {
        let narrowed = |from, to| Some(Reason::Narrowed { of, from, to });
        let widened = |from, to| Some(Reason::Widened { of, from, to });
        for (from, to, expected) in [
            (100_000, 50_000, None),
            (100_000, 49_999, narrowed(100_000, 49_999)),
            (ADDRESSES, 0, None),
            (ADDRESSES + 1, 0, narrowed(ADDRESSES + 1, 0)),
            (10_000, 40_000, None),
            (10_000, 40_001, widened(10_000, 40_001)),
            (10, 10 + ADDRESSES, None),
            (10, 11 + ADDRESSES, widened(10, 11 + ADDRESSES)),
            // A family that was not in the list at all is news, not growth.
            (0, u64::MAX, None),
        ] {
            assert_eq!(judged(from, to, 101, v6), expected, "{from} {to}");
            // In a short list every prefix weighs much.
            assert_eq!(judged(from, to, 100, v6), None, "{from} {to}");
        }
    }
}

#[test]
fn another_format_is_suspicious_unless_a_person_named_it_or_there_was_nothing() {
    let (was, now) = (version(9, "plain", 9, 0), version(8, "hosts", 8, 0));
    let flipped = Some(Reason::Format {
        from: "plain".to_owned(),
        to: "hosts".to_owned(),
    });
    assert_eq!(judge(Some(&was), &now, STRICT), flipped);
    let named = Permits {
        any_format: true,
        ..STRICT
    };
    assert_eq!(judge(Some(&was), &now, named), None);
    assert_eq!(judge(None, &now, STRICT), None);
    let nothing = version(0, "plain", 0, 0);
    assert_eq!(judge(Some(&nothing), &now, STRICT), None);
    // Versions that were accepted before formats were kept.
    let unknown = Version {
        format: None,
        covered: None,
        ..was
    };
    assert_eq!(judge(Some(&unknown), &now, STRICT), None);
}
