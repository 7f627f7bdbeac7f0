//! Disks that are full, and crashes in between.

use crate::addresses;
use crate::server::Answer;
use crate::site::{Site, UPDATE, names};
use exitguard::lists::store::Store;
use std::fs;

#[test]
fn a_cache_that_cannot_be_written_is_told() {
    let site = Site::new();
    fs::write(site.cache(), "a file").unwrap();
    let said = site.run(&UPDATE);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .starts_with("exitguard: cannot keep lists in cache: "),
        "{said:?}"
    );
}

/// A block is 512 bytes, or 1,024: the state still fits, a large list does not.
const SMALL_FILES: &str = "ulimit -f 8";

#[test]
fn a_full_disk_loses_nothing() {
    let site = Site::new();
    site.server.say([Answer::ok(addresses(20))]);
    site.run(&UPDATE);
    site.server.say([Answer::ok(addresses(1_000))]);
    // Ignored, the limit is an error of the write, like that of a full disk.
    let said = site.run_after(&format!("trap '' XFSZ; {SMALL_FILES}"), "lists update");
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .starts_with("feed: failed: cannot keep it in cache: "),
        "{said:?}"
    );
    assert_eq!(
        (site.in_force(), &site.status().1["state"]),
        (20, &"failed".into())
    );
    assert!(
        !names(&site.cache())
            .iter()
            .any(|name| name.starts_with('.'))
    );

    // No room for the state either.
    let said = site.run_after("trap '' XFSZ; ulimit -f 0", "lists update --force");
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .starts_with("feed: failed: cannot keep it in cache: "),
        "{said:?}"
    );
    assert_eq!(site.in_force(), 20);
    let said = site.run(&["lists", "update", "--force"]);
    assert_eq!(said.stdout, "feed: accepted, 1000 entries, 20 before\n");
}

#[test]
fn a_crash_while_writing_leaves_what_was_there_and_a_file_that_the_next_update_removes() {
    let site = Site::new();
    site.server.say([Answer::ok(addresses(20))]);
    site.run(&UPDATE);
    site.server.say([Answer::ok(addresses(1_000))]);
    let said = site.run_after(SMALL_FILES, "lists update");
    assert_eq!(
        said.signal,
        Some(nix::sys::signal::Signal::SIGXFSZ as i32),
        "{said:?}"
    );
    let left = |name: &String| name.starts_with(".new-");
    assert!(names(&site.cache()).iter().any(left));
    assert_eq!((site.in_force(), site.status().0), (20, Some(0)));
    let said = site.run(&UPDATE);
    assert_eq!(said.stdout, "feed: accepted, 1000 entries, 20 before\n");
    assert!(!names(&site.cache()).iter().any(left));
    assert_eq!(site.in_force(), 1_000);
}

#[test]
fn a_crash_before_the_state_is_written_leaves_the_version_before_in_force() {
    let site = Site::new();
    site.server.say([Answer::ok(addresses(20))]);
    site.run(&UPDATE);
    // The body is there, and nothing names it.
    Store::new(site.cache())
        .save_body("feed", addresses(30).as_bytes())
        .unwrap();
    assert_eq!(site.in_force(), 20);
    let bodies = || {
        names(&site.cache())
            .iter()
            .filter(|name| name.ends_with(".list"))
            .count()
    };
    assert_eq!(bodies(), 2);
    assert_eq!(site.run(&UPDATE).code, Some(0));
    assert_eq!((site.in_force(), bodies()), (20, 1));
}
