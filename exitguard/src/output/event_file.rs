//! Events in a file of their own.
//!
//! On a thread of its own, so that a slow disk makes nobody wait. What a full disk, or one that is gone, keeps from being
//! written is counted, and everything is tried anew with the next events.

use super::log_file::LogFile;
use super::sink::{Reader, Sink};
use super::{Report, json};
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that are written at once.
const BATCH: usize = 64 << 10;

/// The file, and what became of what was given to it.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    sink: Sink,
    health: Arc<Mutex<Health>>,
    /// Of the trouble that was told: how many events were missing when it began.
    told: Option<u64>,
}

/// What the writer knows.
#[derive(Debug, Default)]
struct Health {
    /// Why the last write failed, if it did.
    error: Option<String>,
    /// Events that could not be written.
    lost: u64,
    /// As many as that when the trouble began.
    lost_before: u64,
}

/// How it is with the file, when that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileNews {
    /// It cannot be written.
    Trouble {
        /// Why.
        error: String,
    },
    /// It can be written again.
    Mended {
        /// Events that are missing in it.
        missing: u64,
    },
}

impl EventFile {
    /// Writes to a file, which is made when there is something to write.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn start(path: PathBuf) -> io::Result<Self> {
        let health = Arc::new(Mutex::new(Health::default()));
        let writer = Writer {
            file: LogFile::new(path.clone()),
            batch: Vec::new(),
            waiting: 0,
            health: Arc::clone(&health),
        };
        Ok(Self {
            path,
            // The writer never gives up.
            sink: Sink::new(writer, || ())?,
            health,
            told: None,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Has a report written, or counts it as lost.
    pub fn send(&mut self, report: Arc<Report>) {
        self.sink.send(report);
    }

    /// Events that are missing in the file.
    pub fn lost(&self) -> u64 {
        self.sink.lost() + lock(&self.health).lost
    }

    /// What changed since this was asked last.
    pub fn news(&mut self) -> Option<FileNews> {
        let health = lock(&self.health);
        match (&health.error, self.told) {
            (Some(error), None) => {
                self.told = Some(health.lost_before);
                Some(FileNews::Trouble {
                    error: error.clone(),
                })
            }
            (None, Some(before)) => {
                self.told = None;
                let missing = health.lost - before;
                Some(FileNews::Mended { missing })
            }
            _ => None,
        }
    }

    /// Lets the writer catch up, for a while.
    pub fn wait_for_room(&self, patience: Duration) {
        self.sink.wait_for_room(patience);
    }

    /// Writes what is waiting.
    pub fn finish(self, patience: Duration) {
        self.sink.finish(patience);
    }
}

struct Writer {
    file: LogFile,
    batch: Vec<u8>,
    /// How many events are in it.
    waiting: u64,
    health: Arc<Mutex<Health>>,
}

impl Writer {
    fn write(&mut self) {
        let waiting = mem::take(&mut self.waiting);
        if waiting == 0 {
            return;
        }
        let written = self.file.append(&self.batch);
        self.batch.clear();
        let mut health = lock(&self.health);
        match written {
            Ok(()) => health.error = None,
            Err(error) => {
                if health.error.is_none() {
                    health.lost_before = health.lost;
                }
                health.error = Some(error.to_string());
                health.lost += waiting;
            }
        }
    }
}

impl Reader for Writer {
    fn take(&mut self, report: &Report) -> io::Result<()> {
        self.batch.extend(json::render(report).into_bytes());
        self.batch.push(b'\n');
        self.waiting += 1;
        if self.batch.len() >= BATCH {
            self.write();
        }
        Ok(())
    }

    fn caught_up(&mut self) -> io::Result<()> {
        self.write();
        Ok(())
    }
}

/// Numbers and a text: whole, whoever panicked while writing them.
fn lock(health: &Mutex<Health>) -> MutexGuard<'_, Health> {
    health.lock().unwrap_or_else(PoisonError::into_inner)
}
