//! Files that are lists, and hardly those that they were.

use super::*;
use crate::lists::store::Reason;

#[test]
fn what_is_suspicious_is_held_and_what_was_in_force_stays() {
    let five_thousand = addresses(5_000);
    let flipped: String = addresses(4_999)
        .lines()
        .enumerate()
        .map(|(number, addr)| format!("name {number}:{addr}-{addr}\n"))
        .collect();
    for (before, after, why) in [
        (
            &five_thousand,
            "# nothing today\n".to_owned(),
            "it is empty",
        ),
        (
            &five_thousand,
            addresses(2_499),
            "it shrank from 5000 entries to 2499",
        ),
        // The list of outgoing networks that grew by forty for a night.
        (
            &addresses(4_887),
            addresses(198_913),
            "it grew from 4887 entries to 198913",
        ),
        (&five_thousand, flipped, "its format was plain and is p2p"),
        (
            &prefixes(500, 24),
            addresses(500),
            "it covered 128000 IPv4 addresses and covers 500",
        ),
        (
            &addresses(500),
            prefixes(500, 24),
            "it covered 500 IPv4 addresses and covers 128000",
        ),
    ] {
        let mut world = World::after(before);
        let entries = before.lines().count();
        world.write(&after);
        for start in [false, true] {
            let said = if start { world.start() } else { world.reload() };
            assert_eq!((said, world.why()), ((Standing::Held, entries), why));
        }
        let (taken, said) = world.look();
        assert!(taken.error.is_none());
        assert!(
            said.contains(&format!("a new version is held: {why}; the last good")),
            "{said}"
        );
        assert!(
            said.contains("take it with `exitguard lists accept feed`"),
            "{said}"
        );
        // The way back is no jump.
        world.write(before);
        assert_eq!(world.start(), (Standing::Current, entries), "{why}");
        assert_eq!(world.accept(), None);
    }
}

#[test]
fn a_person_accepts_what_is_held() {
    let mut world = World::after(&addresses(5_000));
    assert_eq!(world.accept(), None);
    world.write(addresses(300));
    // Nobody has to have seen it before.
    assert_eq!(world.accept(), Some(300));
    assert_eq!(world.accept(), None);
    assert_eq!(world.reload(), (Standing::Current, 300));
    // From now on this is what versions are compared with, and what is in force if there is no other.
    world.write(addresses(1_000));
    assert_eq!(world.reload(), (Standing::Current, 1_000));
    world.write("");
    assert_eq!(world.start(), (Standing::LastGood, 1_000));
    let refused = accept(&world.list, &world.cache(), world.now).unwrap_err();
    assert!(refused.to_string().ends_with("it is empty"), "{refused}");
}

#[test]
fn what_a_person_accepted_counts_though_the_file_is_broken_before_the_daemon_sees_it() {
    let mut world = World::after(&addresses(5_000));
    world.write(addresses(300));
    world.now += SignedDuration::from_mins(1);
    assert_eq!(world.accept(), Some(300));
    world.write("<html>");
    assert_eq!(world.reload(), (Standing::LastGood, 300));
}

#[test]
fn what_a_person_accepted_counts_though_the_clock_was_set_back() {
    let mut world = World::after(&addresses(5_000));
    world.write(addresses(300));
    world.now -= SignedDuration::from_hours(24);
    assert_eq!(world.accept(), Some(300));
    assert_eq!(world.reload(), (Standing::Current, 300));
}

#[test]
fn what_a_person_writes_is_not_held() {
    let mut text = String::new();
    let mut world = World::new();
    for (number, line) in prefixes(100, 24).lines().enumerate() {
        writeln!(text, "{line} # the {number}th").unwrap();
    }
    world.write(&text);
    assert_eq!(world.start(), (Standing::Current, 100));
    for (edited, entries) in [
        ("192.0.2.1\n".to_owned(), 1),
        (addresses(90), 90),
        (format!("10.0.0.0/8\n{}", prefixes(90, 16)), 91),
        ("192.0.2.0/24 # a whole network\n".to_owned(), 1),
        (addresses(1_000), 1_000),
        (addresses(900), 900),
    ] {
        world.write(edited);
        assert_eq!(world.reload(), (Standing::Current, entries));
    }
}

#[test]
fn a_list_that_may_be_empty_is_not_held_when_it_is() {
    let mut world = World::with("allow_empty = true");
    for (text, entries) in [("192.0.2.1\n", 1), ("", 0), ("192.0.2.1\n", 1), ("#\n", 0)] {
        world.write(text);
        assert_eq!(world.reload(), (Standing::Current, entries), "{text:?}");
    }
    // One of many is not emptied at once.
    world.write(addresses(500));
    assert_eq!(world.reload(), (Standing::Current, 500));
    world.write("");
    assert_eq!(world.reload(), (Standing::Held, 500));
}

#[test]
fn a_first_version_without_entries_is_meant() {
    let mut world = World::new();
    world.write("# empty\n");
    let (_, said) = world.look();
    assert_eq!(said, "");
    assert_eq!(world.start(), (Standing::Current, 0));
    world.write(addresses(5_000));
    assert_eq!(world.start(), (Standing::Current, 5_000));
}

#[test]
fn a_format_that_a_person_names_is_no_surprise() {
    let mut world = World::after(&addresses(5));
    world.write("one:192.0.2.1-192.0.2.1\ntwo:192.0.2.2-192.0.2.2\n");
    assert_eq!(world.reload(), (Standing::Held, 5));
    world.list = list(&world.file().to_string_lossy(), "format = \"p2p\"");
    assert_eq!(world.reload(), (Standing::Current, 2));
}

#[test]
fn the_same_entries_are_taken_however_they_are_written() {
    let mut world = World::after(&addresses(500));
    let mut lines: Vec<_> = addresses(500)
        .lines()
        .map(|addr| format!("somebody:{addr}-{addr}"))
        .collect();
    lines.reverse();
    world.write(format!("# another day\n{}\n", lines.join("\n")));
    assert_eq!(world.reload(), (Standing::Current, 500));
}

#[test]
fn what_stays_for_a_day_is_no_accident() {
    // A list of names that lost more than half and stayed like this.
    let mut world = World::after(&addresses(5_000));
    world.write(addresses(2_000));
    assert_eq!(world.reload(), (Standing::Held, 5_000));
    world.now += SignedDuration::from_hours(12);
    assert_eq!(world.start(), (Standing::Held, 5_000));
    let record = store(&world.cache()).record("feed").unwrap();
    let held = record.held.unwrap();
    let shrunk = Reason::Shrunk {
        from: 5_000,
        to: 2_000,
    };
    assert_eq!((held.reason, held.times), (shrunk, 2));
    world.now += SignedDuration::from_hours(12);
    assert_eq!(world.start(), (Standing::Current, 2_000));
}

#[test]
fn a_reload_every_minute_releases_nothing() {
    let mut world = World::after(&addresses(5_000));
    world.write(addresses(2_000));
    for _ in 0..100 {
        assert_eq!(world.reload(), (Standing::Held, 5_000));
    }
}

/// A person who edits a file has to see what was made of it before accepting it.
#[test]
fn what_is_held_of_a_file_can_be_compared_with_what_is_in_force() {
    use crate::lists::{Content, Diff};
    let (before, after) = (addresses(5_000), addresses(300));
    let mut world = World::after(&before);
    let held = |world: &World| Content::held(&world.list, &world.cache()).unwrap();
    assert!(held(&world).is_none());
    world.write(&after);
    assert_eq!(world.start(), (Standing::Held, 5_000));
    let (old, new) = (
        Content::in_force(&world.list, &world.cache()).unwrap(),
        held(&world).unwrap(),
    );
    let prefixes = Diff::of(&old, &new).prefixes;
    assert_eq!((prefixes.added.len(), prefixes.removed.len()), (0, 4_700));
    // The same when the file is damaged: the last good version is what is in force.
    world.write("<html>");
    let old = Content::in_force(&world.list, &world.cache()).unwrap();
    assert_eq!(old.entries.len(), 5_000);
}
