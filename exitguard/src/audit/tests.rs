//! Lines that are written, and what keeps them from being written.

use super::*;
use crate::control::Peer;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Barrier;
use std::thread;

fn alice() -> Peer {
    Peer {
        uid: Some(1_000),
        pid: Some(4_711),
        ..Peer::reader("alice")
    }
}

fn entry() -> Entry {
    Entry::by(&alice(), Action::Block).what(json!({"destination": "203.0.113.9"}))
}

/// Every line of the log; each has to be JSON. An empty one is no harm: it comes about where a writer begins while another
/// has been stopped by the scheduler within a line.
fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_line_says_who_did_what_and_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut log = AuditLog::new(path.clone());
    log.write(&entry().before(6).after(7)).unwrap();
    log.write(&entry().failed("there is no room")).unwrap();
    log.write(&Entry::own(Via::Expiry, Action::Expire)).unwrap();
    let [mut done, failed, own] = lines(&path).try_into().unwrap();
    let time = done["timestamp"].take();
    assert!(
        time.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(),
        "{time}"
    );
    assert_eq!(
        done,
        json!({
            "timestamp": null, "v": 1, "by": "alice", "uid": 1000, "pid": 4711, "via": "socket", "action": "block",
            "what": {"destination": "203.0.113.9"}, "before": 6, "after": 7, "outcome": "done",
        })
    );
    assert_eq!(failed["outcome"], "there is no room");
    assert_eq!((&own["via"], &own["uid"]), (&json!("expiry"), &Value::Null));
}

#[test]
fn the_log_is_made_with_its_folder_and_is_not_for_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log/exitguard/audit.jsonl");
    AuditLog::new(path.clone()).write(&entry()).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    // Whoever gave it to others meant to.
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    AuditLog::new(path.clone()).write(&entry()).unwrap();
    assert_eq!(lines(&path).len(), 2);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_log_that_was_moved_away_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let [path, old] = ["audit.jsonl", "audit.jsonl.1"].map(|name| folder.path().join(name));
    let mut log = AuditLog::new(path.clone());
    log.write(&entry()).unwrap();
    fs::rename(&path, &old).unwrap();
    log.write(&entry()).unwrap();
    assert_eq!((lines(&old).len(), lines(&path).len()), (1, 1));
    // Who rotates it may put an empty one there.
    fs::rename(&path, &old).unwrap();
    fs::write(&path, "").unwrap();
    log.write(&entry()).unwrap();
    assert_eq!((lines(&old).len(), lines(&path).len()), (1, 1));
    // Nobody has to tell, but may.
    log.reopen();
    fs::remove_file(&path).unwrap();
    log.write(&entry()).unwrap();
    log.write(&entry()).unwrap();
    assert_eq!(lines(&path).len(), 2);
}

#[test]
fn a_log_that_was_shortened_goes_on_at_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut log = AuditLog::new(path.clone());
    log.write(&entry()).unwrap();
    fs::write(&path, "").unwrap();
    log.write(&entry()).unwrap();
    assert_eq!(lines(&path).len(), 1);
}

#[test]
fn half_a_line_of_whoever_came_before_does_not_spoil_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    fs::write(&path, "{\"v\":1,\"by\":\"al").unwrap();
    let mut log = AuditLog::new(path.clone());
    log.write(&entry()).unwrap();
    log.write(&entry()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let whole = text
        .lines()
        .filter(|line| serde_json::from_str::<Value>(line).is_ok());
    assert_eq!((whole.count(), text.lines().count()), (2, 3), "{text}");
}

#[test]
fn lines_of_several_writers_are_not_mixed() {
    const WRITERS: usize = 4;
    const LINES: usize = 500;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let together = Barrier::new(WRITERS);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (path, together) = (path.clone(), &together);
            scope.spawn(move || {
                let mut log = AuditLog::new(path);
                let long = writer.to_string().repeat(300 + writer);
                together.wait();
                for _ in 0..LINES {
                    log.write(&entry().what(&long)).unwrap();
                }
            });
        }
    });
    let lines = lines(&path);
    assert_eq!(lines.len(), WRITERS * LINES);
    for writer in 0..WRITERS {
        let long = json!(writer.to_string().repeat(300 + writer));
        let of_writer = lines.iter().filter(|line| line["what"] == long);
        assert_eq!(of_writer.count(), LINES, "of writer {writer}");
    }
}

#[test]
fn a_full_disk_is_told_and_is_over_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    symlink("/dev/full", &path).unwrap();
    let mut log = AuditLog::new(path.clone());
    let error = log.write(&entry()).unwrap_err().to_string();
    assert!(error.starts_with("cannot write the audit log /"), "{error}");
    assert!(error.contains("No space left on device"), "{error}");
    fs::remove_file(&path).unwrap();
    log.write(&entry()).unwrap();
    assert_eq!(lines(&path).len(), 1);
}

#[test]
fn a_place_where_nothing_can_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [folder.path().to_owned(), file.join("audit.jsonl")] {
        let error = AuditLog::new(path.clone()).write(&entry()).unwrap_err();
        assert_eq!(error.path, path);
    }
}

/// A pipe that nobody reads, put there by mistake or by malice, does not hold the daemon up.
#[test]
fn a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut log = AuditLog::new(path.clone());
    let failed = (0..10_000).any(|_| log.write(&entry()).is_err());
    assert!(failed, "who reads {}?", path.display());
    assert_eq!(fs::metadata(&path).unwrap().size(), 0);
}
