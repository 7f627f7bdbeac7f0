//! Files that cannot be used.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// Half of a packed list.
fn truncated_gzip() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(addresses(5_000).as_bytes()).unwrap();
    let mut packed = packed.finish().unwrap();
    packed.truncate(packed.len() / 2);
    packed
}

fn accidents() -> Vec<(Vec<u8>, &'static str)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let every_tenth_wrong = addresses(5_000).replace("0\n", "0 and more nonsense.example/x\n");
    let eighths: String = (11..32).map(|first| format!("{first}.0.0.0/8\n")).collect();
    vec![
        (text(""), "is not taken: it is empty"),
        (
            text("<!DOCTYPE html><title>503 Service Unavailable</title>"),
            "is not taken: it is a web page (HTML or XML), not a list",
        ),
        (
            text("# This File Date : now\n# Entries : 3 unique IPs\n192.0.2.1\n192.0.2.2\n"),
            "is not taken: it is not complete",
        ),
        (
            text("{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\",\"rir\":\"arin\"}\n"),
            "is not taken: it is not complete",
        ),
        (
            truncated_gzip(),
            "is not taken: its gzip data ends early or is damaged",
        ),
        (vec![0xff, 0xfe, b'1', 0], "is not taken: it is UTF-16"),
        (vec![b'1', 0, 0, 7], "is not taken: it is not text"),
        (
            every_tenth_wrong.into_bytes(),
            "of its lines cannot be read, as ",
        ),
        (
            text("address=/#/0.0.0.0\n"),
            "is not taken: line 1 blocks everything there is",
        ),
        (
            eighths.into_bytes(),
            "is not taken: it covers 8.2 % of all IPv4 addresses, more than 5 %",
        ),
    ]
}

#[test]
fn what_cannot_be_used_takes_nothing_away_and_is_told() {
    let good = addresses(5_000);
    for (accident, why) in accidents() {
        let mut world = World::after(&good);
        world.write(&accident);
        world.now += SignedDuration::from_hours(3);
        // A reload, and a start: the one remembers, the other has only what is kept.
        for start in [false, true] {
            let said = if start { world.start() } else { world.reload() };
            assert_eq!(said, (Standing::LastGood, 5_000), "{why}");
            assert!(world.why().contains(why), "{why}\n{}", world.why());
        }
        let (taken, said) = world.look();
        assert!(taken.error.is_some(), "{why}");
        assert!(
            said.contains("the last good version, accepted 3 h ago, is in force"),
            "{said}"
        );
        assert!(said.contains("exitguard.toml:6:10"), "{said}");
        // The way back is no jump.
        world.write(&good);
        assert_eq!(world.start(), (Standing::Current, 5_000), "{why}");
    }
}

#[test]
fn what_cannot_be_used_blocks_nothing_if_there_was_nothing_and_is_told() {
    for (accident, why) in accidents() {
        let mut world = World::new();
        world.write(&accident);
        assert_eq!(world.start(), (Standing::Missing, 0), "{why}");
        assert!(world.why().contains(why), "{why}\n{}", world.why());
        let (_, said) = world.look();
        assert!(
            said.contains("there is no good version of it: it blocks nothing"),
            "{said}"
        );
        // Nothing is no good version, neither on disk nor in memory.
        assert_eq!(world.reload(), (Standing::Missing, 0), "{why}");
        assert_eq!(names(&world.cache()), [""; 0]);
        world.write(addresses(3));
        assert_eq!(world.reload(), (Standing::Current, 3), "{why}");
    }
}

#[test]
fn a_file_that_is_gone_or_no_file_takes_nothing_away() {
    let mut world = World::after(&addresses(5));
    fs::remove_file(world.file()).unwrap();
    assert_eq!(world.start(), (Standing::LastGood, 5));
    assert!(world.why().starts_with("cannot read "), "{}", world.why());
    fs::create_dir(world.file()).unwrap();
    assert_eq!(world.start(), (Standing::LastGood, 5));
    assert!(
        world.why().ends_with("it is not a regular file"),
        "{}",
        world.why()
    );
}

#[test]
fn a_list_that_moved_is_still_protected_by_what_it_was_until_it_is_there() {
    let mut world = World::after(&addresses(5_000));
    world.list = list(&world.folder.path().join("moved.txt").to_string_lossy(), "");
    assert_eq!(world.start(), (Standing::LastGood, 5_000));
    // Another file has a history of its own.
    fs::write(world.folder.path().join("moved.txt"), addresses(3)).unwrap();
    assert_eq!(world.start(), (Standing::Current, 3));
}

#[test]
fn a_version_that_lacks_what_it_has_to_contain_is_not_taken() {
    let mut world = World::with("must_contain = [\"10.0.0.7\", \"10.0.0.0/30\"]");
    world.write("10.0.0.0/24\n");
    assert_eq!(world.start(), (Standing::Current, 1));
    world.write("10.0.0.0/30\n10.0.0.6\n");
    assert_eq!(world.reload(), (Standing::LastGood, 1));
    assert!(
        world.why().ends_with("it lacks 10.0.0.7 of must_contain"),
        "{}",
        world.why()
    );
    world.write("# nothing\n");
    assert_eq!(world.start(), (Standing::LastGood, 1));
    assert!(
        world
            .why()
            .ends_with("it lacks 10.0.0.7 and 1 more of must_contain"),
        "{}",
        world.why()
    );
    // A wish that comes later takes nothing away either.
    let wish = "must_contain = [\"192.0.2.1\"]";
    world.list = list(&world.file().to_string_lossy(), wish);
    world.write("10.0.0.0/24\n");
    assert_eq!(world.start(), (Standing::LastGood, 1));
    assert!(world.why().ends_with("it lacks 192.0.2.1 of must_contain"));
}

#[test]
fn a_format_that_is_wrong_takes_nothing_away() {
    let mut world = World::after(&addresses(5));
    world.list = list(
        &world.file().to_string_lossy(),
        "format = \"spamhaus-json\"",
    );
    assert_eq!(world.start(), (Standing::LastGood, 5));
}
