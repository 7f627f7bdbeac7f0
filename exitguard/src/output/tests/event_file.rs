//! Events in a file, and disks that are full or gone.

use super::samples::Samples;
use crate::output::{EventFile, FileNews, Format, Report};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

fn events() -> Vec<Report> {
    let all = Samples::new().all();
    all.into_iter().map(|(_, report)| report).collect()
}

fn lines(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap_or_default();
    assert!(text.lines().all(|line| line.ends_with('}')), "{text}");
    text.lines().count()
}

fn next_news(file: &mut EventFile) -> FileNews {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(news) = file.news() {
            return news;
        }
        assert!(Instant::now() < deadline, "no news within {PATIENCE:?}");
        std::thread::yield_now();
    }
}

#[test]
fn every_event_is_a_line_of_json_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log/events.jsonl");
    let mut file = EventFile::start(path.clone()).unwrap();
    for event in events() {
        file.send(event.into());
    }
    assert_eq!((file.lost(), file.news()), (0, None));
    file.finish(PATIENCE);
    let expected: String = events()
        .iter()
        .map(|event| format!("{}\n", Format::Json.render(event)))
        .collect();
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}

#[test]
fn what_is_moved_away_while_events_come_holds_the_first_of_them_and_the_new_file_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let [path, old] = ["events.jsonl", "events.jsonl.1"].map(|name| folder.path().join(name));
    let mut file = EventFile::start(path.clone()).unwrap();
    let event = events().remove(0);
    let deadline = Instant::now() + PATIENCE;
    let mut sent = 0;
    while !path.exists() || !old.exists() {
        if path.exists() {
            fs::rename(&path, &old).unwrap();
        }
        file.send(event.clone().into());
        sent += 1;
        file.wait_for_room(PATIENCE);
        assert!(Instant::now() < deadline);
    }
    for _ in 0..1_000 {
        file.send(event.clone().into());
    }
    file.finish(PATIENCE);
    assert!(lines(&old) > 0);
    assert_eq!(lines(&old) + lines(&path), sent + 1_000);
}

#[test]
fn a_full_disk_is_told_once_and_what_is_missing_when_it_has_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    symlink("/dev/full", &path).unwrap();
    let mut file = EventFile::start(path.clone()).unwrap();
    let event = events().remove(0);
    file.send(event.clone().into());
    let FileNews::Trouble { error } = next_news(&mut file) else {
        panic!("a full disk is trouble");
    };
    assert!(error.contains("No space left on device"), "{error}");
    for _ in 0..3 {
        file.send(event.clone().into());
    }
    file.wait_for_room(PATIENCE);
    // What is waiting is written when nothing else comes.
    let deadline = Instant::now() + PATIENCE;
    while file.lost() < 4 {
        assert!(Instant::now() < deadline, "{} lost", file.lost());
        std::thread::yield_now();
    }
    assert_eq!(file.news(), None, "told twice");
    fs::remove_file(&path).unwrap();
    file.send(event.into());
    assert_eq!(next_news(&mut file), FileNews::Mended { missing: 4 });
    assert_eq!((file.lost(), file.news()), (4, None));
    file.finish(PATIENCE);
    assert_eq!(lines(&path), 1);
}

#[test]
fn a_pipe_that_nobody_reads_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut file = EventFile::start(path).unwrap();
    let event = events().remove(0);
    let deadline = Instant::now() + PATIENCE;
    while file.lost() == 0 {
        file.send(event.clone().into());
        assert!(Instant::now() < deadline, "who reads the pipe?");
    }
    file.finish(PATIENCE);
}
