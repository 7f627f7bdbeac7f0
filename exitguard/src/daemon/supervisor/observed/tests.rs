//! Writing down, on a disk that takes its time.

use super::*;
use crate::control::Observed;
use std::fs;
use std::sync::mpsc::channel;
use tokio::runtime::{Builder, Runtime};

/// Of which one thing at a time can be waited for.
fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().max_blocking_threads(1);
    builder.build().unwrap()
}

fn observing(path: PathBuf) -> Observing {
    Observing {
        tallies: Tallies::new(Timestamp::UNIX_EPOCH),
        path,
        writing: None,
        has_told: false,
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn nobody_waits_for_the_disk_but_who_wants_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("observed.json");
    let mut observing = observing(path.clone());
    let (goes_on, disk) = channel::<()>();
    runtime().block_on(async {
        // Ends with this, whatever happens: else the runtime would wait for it.
        let goes_on = goes_on;
        // Nothing is written before this ends.
        let slow = spawn_blocking(move || disk.recv());
        observing.write(Tallies::new(second(1)), second(2));
        assert!(observing.writing.is_some());
        assert!(!path.exists());
        tokio::select! {
            biased;
            result = written(Some(&mut observing)) => panic!("it is not written: {result:?}"),
            () = std::future::ready(()) => {}
        }
        goes_on.send(()).unwrap();
        // Who stopped waiting may begin again.
        written(Some(&mut observing)).await.unwrap();
        assert!(observing.writing.is_none());
        slow.await.unwrap().unwrap();
    });
    let observed: Observed = kept_file::load(&path).unwrap().unwrap();
    assert_eq!((observed.since, observed.time), (second(1), second(2)));
}

#[test]
fn what_cannot_be_written_is_told_to_who_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file/observed.json");
    fs::write(folder.path().join("file"), "").unwrap();
    let mut observing = observing(path);
    let result = runtime().block_on(async {
        observing.write(Tallies::new(second(1)), second(2));
        written(Some(&mut observing)).await
    });
    let message = result.unwrap_err().to_string();
    assert!(message.starts_with("cannot write "), "{message}");
    assert!(observing.writing.is_none());
}
