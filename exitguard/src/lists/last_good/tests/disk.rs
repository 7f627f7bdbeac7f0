//! The folder of the last good versions: full, damaged, half written.

use super::*;
use std::os::unix::fs::MetadataExt;

/// Names and inodes: a file that is written anew has another.
fn inodes(folder: &Path) -> Vec<(String, u64)> {
    let inode = |name: &String| fs::metadata(folder.join(name)).unwrap().ino();
    let names = names(folder).into_iter();
    names.map(|name| (name.clone(), inode(&name))).collect()
}

#[test]
fn who_only_looks_writes_nothing() {
    let mut world = World::new();
    world.write(addresses(5));
    world.look();
    assert_eq!(names(&world.cache()), [""; 0]);
    world.start();
    let before = inodes(&world.kept());
    assert_eq!(before.len(), 2);
    for text in [addresses(6), "# nothing\n".to_owned(), String::new()] {
        world.write(text);
        world.look();
        assert_eq!(inodes(&world.kept()), before);
    }
}

#[test]
fn what_is_kept_is_written_again_only_when_it_changed() {
    let mut world = World::after(&addresses(5));
    let before = inodes(&world.kept());
    world.reload();
    world.start();
    assert_eq!(inodes(&world.kept()), before);
    world.write(addresses(6));
    world.reload();
    let after = inodes(&world.kept());
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|file| !before.contains(file)));
}

#[test]
fn a_version_is_kept_only_after_it_is_in_force() {
    let mut world = World::after(&addresses(5));
    world.write(addresses(6));
    let (mut taken, _) = world.look();
    world.write("");
    assert_eq!(world.start(), (Standing::LastGood, 5));
    // Too late: what was taken is not there any more, and what is there was not taken.
    let error = taken.memory.keep("feed", &world.cache()).unwrap_err();
    assert!(
        error.to_string().ends_with("changed since it was taken"),
        "{error}"
    );
    assert_eq!(world.start(), (Standing::LastGood, 5));
}

#[test]
fn a_folder_that_cannot_be_written_is_no_reason_to_stop_and_memory_serves() {
    let mut world = World::new();
    fs::write(world.cache(), "a file").unwrap();
    world.write(addresses(5_000));
    assert_eq!(world.start(), (Standing::Current, 5_000));
    let (mut taken, _) = world.look();
    taken.memory.keep("feed", &world.cache()).unwrap_err();
    world.write("<html>");
    assert_eq!(world.reload(), (Standing::LastGood, 5_000));
    // Again, because what is in force now was the last good one already.
    assert_eq!(world.reload(), (Standing::LastGood, 5_000));
    world.write(addresses(9));
    assert_eq!(world.reload(), (Standing::Held, 5_000));
    assert_eq!(world.start(), (Standing::Current, 9));
    // As soon as it can be written, it is.
    fs::remove_file(world.cache()).unwrap();
    world.reload();
    world.write("");
    assert_eq!(world.start(), (Standing::LastGood, 9));
}

#[test]
fn a_copy_that_is_damaged_is_not_used_and_is_told() {
    for damage in ["192.0.2.1\n", ""] {
        let mut world = World::after(&addresses(5_000));
        let record = store(&world.cache()).record("feed").unwrap();
        let body = store(&world.cache()).body_path("feed", &record.accepted.unwrap());
        fs::write(&body, damage).unwrap();
        world.write("<html>");
        assert_eq!(world.reload(), (Standing::LastGood, 5_000));
        assert_eq!(world.start(), (Standing::Missing, 0));
        let (_, said) = world.look();
        assert!(said.contains("is lost or damaged"), "{said}");
        // A version to suspect is better than none.
        world.write(addresses(9));
        let (_, said) = world.look();
        assert!(
            said.contains("it is taken all the same, because the last good version is lost"),
            "{said}"
        );
        assert_eq!(world.start(), (Standing::Current, 9));
        world.write("");
        assert_eq!(world.start(), (Standing::LastGood, 9));
    }
}

#[test]
fn a_copy_that_is_gone_is_written_again() {
    let mut world = World::after(&addresses(5));
    fs::remove_dir_all(world.kept()).unwrap();
    world.reload();
    fs::write(world.kept().join("feed.json"), "{\"url\": \"").unwrap();
    world.start();
    world.write("");
    assert_eq!(world.start(), (Standing::LastGood, 5));
}

#[test]
fn a_power_cut_at_any_moment_leaves_the_version_before() {
    let mut world = World::after(&addresses(5));
    // Half a body that was not renamed, half a record, and a body that nothing names yet.
    fs::write(world.kept().join(".new-a1b2c3"), "10.0.0.1\n10.").unwrap();
    fs::write(world.kept().join(".new-d4e5f6"), "{\"url\": \"/").unwrap();
    let body = addresses(6);
    store(&world.cache())
        .save_body("feed", body.as_bytes())
        .unwrap();
    world.write("");
    assert_eq!(world.start(), (Standing::LastGood, 5));
    world.write(addresses(7));
    assert_eq!(world.start(), (Standing::Current, 7));
    assert_eq!(names(&world.kept()).len(), 2, "{:?}", names(&world.kept()));
}

#[test]
fn a_daemon_waits_for_whoever_accepts() {
    let mut world = World::new();
    world.write(addresses(5));
    let (mut taken, _) = world.look();
    let lock = store(&world.cache()).lock().unwrap();
    let cache = world.cache();
    let keeping = std::thread::spawn(move || taken.memory.keep("feed", &cache));
    drop(lock);
    keeping.join().unwrap().unwrap();
    world.write("");
    assert_eq!(world.start(), (Standing::LastGood, 5));
    // An update has another lock, for as long as servers take to answer.
    let _lock = Store::new(world.cache()).lock().unwrap();
    world.write(addresses(6));
    world.reload();
    world.write("");
    assert_eq!(world.start(), (Standing::LastGood, 6));
}
