//! The file.

use super::entry::Entry;
use crate::output::LogFile;
use std::io;
use std::path::{Path, PathBuf};

/// The log of one daemon.
#[derive(Debug)]
pub struct AuditLog {
    file: LogFile,
}

/// A line is missing in the log.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the audit log {}: {error}", path.display())]
pub struct AuditError {
    /// The log.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

impl AuditLog {
    /// At a path; nothing is touched yet.
    pub const fn new(path: PathBuf) -> Self {
        Self {
            file: LogFile::new(path),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// What is written next goes where the path leads then: the log may have been rotated.
    pub fn reopen(&mut self) {
        self.file.reopen();
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When it could not be written. What it tells of has happened all the same.
    pub fn write(&mut self, entry: &Entry) -> Result<(), AuditError> {
        let line = serde_json::to_string(entry).map_err(io::Error::from);
        line.and_then(|line| self.file.append(format!("{line}\n").as_bytes()))
            .map_err(|error| AuditError {
                path: self.path().to_owned(),
                error,
            })
    }
}
