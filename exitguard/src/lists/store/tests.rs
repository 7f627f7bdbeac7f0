//! What survives, and what is cleaned.

use super::*;
use tempfile::TempDir;

fn version(store: &Store, name: &str, body: &[u8]) -> Version {
    Version {
        url: "https://lists.example/feed.txt".to_owned(),
        etag: None,
        last_modified: None,
        sha256: store.save_body(name, body).unwrap(),
        counts: Counts::default(),
        accepted_at: jiff::Timestamp::UNIX_EPOCH,
        format: None,
        covered: None,
    }
}

fn accepted(version: &Version) -> Record {
    Record {
        accepted: Some(version.clone()),
        ..Record::default()
    }
}

fn files(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn names_of_lists_do_not_leave_the_folder_nor_meet_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let names = [
        "../../etc/passwd",
        "a",
        "a.",
        "a.b",
        "a%2E",
        ".",
        "ä b",
        &"€".repeat(21),
    ];
    for name in names {
        let version = version(&store, name, name.as_bytes());
        store.save(name, &accepted(&version)).unwrap();
    }
    assert_eq!(files(&folder).len(), 2 * names.len());
    for name in names {
        let record = store.record(name).unwrap();
        let body = store.body(name, &record.accepted.unwrap()).unwrap();
        assert_eq!(body, name.as_bytes());
    }
}

#[test]
fn bodies_that_no_record_names_are_removed_with_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let other = version(&store, "a-b", b"other");
    let old = version(&store, "a", b"old");
    store.save("a-b", &accepted(&other)).unwrap();
    store.save("a", &accepted(&old)).unwrap();
    let new = version(&store, "a", b"new");
    // As long as nothing says so, the old one counts.
    assert_eq!(store.body("a", &old).unwrap(), b"old");
    assert_eq!(files(&folder).len(), 5);
    store.save("a", &accepted(&new)).unwrap();
    assert_eq!(files(&folder).len(), 4);
    assert_eq!(store.body("a", &new).unwrap(), b"new");
    assert_eq!(store.body("a-b", &other).unwrap(), b"other");
    assert!(store.body("a", &old).is_err());
}

#[test]
fn a_body_that_changed_on_disk_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let version = version(&store, "a", b"192.0.2.1\n");
    fs::write(store.body_path("a", &version), b"192.0.2.2\n").unwrap();
    let error = store.body("a", &version).unwrap_err();
    assert_eq!(error.to_string(), "it is not what was downloaded");
}

#[test]
fn what_a_crash_left_is_removed_by_who_has_the_lock_and_nobody_else_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    fs::write(folder.path().join(".new-x1Y2z3"), b"half a li").unwrap();
    fs::write(folder.path().join("mine.txt"), b"").unwrap();
    let lock = store.lock().unwrap();
    assert_eq!(files(&folder), ["mine.txt"]);
    let error = store.lock().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    drop(lock);
    store.lock().unwrap();
}

#[test]
fn a_damaged_record_is_an_error_and_not_a_list_that_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    assert_eq!(store.record("a").unwrap(), Record::default());
    fs::write(store.record_path("a"), b"{\"url\": \"https:").unwrap();
    store.record("a").unwrap_err();
}
