//! Files that are not what they seem when they are read.

use super::super::read;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{io, thread};

/// Large enough that it takes a while to read.
const BYTES: usize = 16 << 20;

/// Reads a file that somebody goes on to write, until that is noticed.
fn read_while(write: impl Fn(&mut File) -> io::Result<()> + Sync) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.txt");
    fs::write(&path, vec![b'\n'; BYTES]).unwrap();
    assert_eq!(read(&path).unwrap().len(), BYTES);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new().write(true).open(&path).unwrap();
            while !is_over.load(Ordering::Acquire) {
                write(&mut file).unwrap();
            }
        });
        let why = until_noticed(&path);
        is_over.store(true, Ordering::Release);
        why
    })
}

fn until_noticed(path: &Path) -> String {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        // A reading that falls between two writes is right.
        if let Err(error) = read(path) {
            return error.to_string();
        }
    }
    "it was never noticed".to_owned()
}

const NOTICED: &str = "it changed while it was read; write a new file and rename it to this one";

#[test]
fn a_file_that_grows_while_it_is_read_is_refused() {
    let grow = |file: &mut File| {
        file.seek(io::SeekFrom::End(0))?;
        file.write_all(b"192.0.2.1\n")
    };
    assert_eq!(read_while(grow), NOTICED);
}

#[test]
fn a_file_that_is_overwritten_while_it_is_read_is_refused() {
    let overwrite = |file: &mut File| {
        file.rewind()?;
        file.write_all(b"192.0.2.1\n")
    };
    assert_eq!(read_while(overwrite), NOTICED);
}

#[test]
fn a_file_that_is_cut_while_it_is_read_is_refused() {
    let cut = |file: &mut File| {
        file.set_len(BYTES as u64 / 2)?;
        file.set_len(BYTES as u64)
    };
    assert_eq!(read_while(cut), NOTICED);
}
