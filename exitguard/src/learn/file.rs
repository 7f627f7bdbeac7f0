//! What was observed, on disk.

use crate::atomic_file;
use crate::control::Observed;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Version of the file. Changes when a field changes its meaning or goes.
const VERSION: u32 = 1;
/// Who does what is nobody else's business.
const MODE: u32 = 0o600;

#[derive(Serialize, Deserialize)]
struct Written<T> {
    v: u32,
    #[serde(flatten)]
    observed: T,
}

/// Why what was observed is not known, or not kept.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is not what was written.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Where it is kept: beside what is changed at run time, and never in the same file.
pub fn path_beside(changes: &Path) -> PathBuf {
    changes.with_extension("observed.json")
}

/// Reads what was written; nothing where nothing was.
///
/// # Errors
/// When the file is there and cannot be used.
pub fn load(path: &Path) -> Result<Option<Observed>, FileError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let path = path.to_owned();
            return Err(FileError::Read { path, error });
        }
    };
    let damaged = |why: String| FileError::Damaged {
        path: path.to_owned(),
        why,
    };
    let Written { v, observed } =
        serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    if v != VERSION {
        return Err(damaged(format!("it is of version {v}, not {VERSION}")));
    }
    Ok(Some(observed))
}

/// Moves a file that cannot be used out of the way of the next one. Returns where to, if that was possible.
pub fn set_aside(path: &Path) -> Option<PathBuf> {
    let aside = path.with_added_extension("damaged");
    fs::rename(path, &aside).ok().map(|()| aside)
}

/// Writes everything down: after a power cut the file says what it said before, or this.
///
/// # Errors
/// When it cannot be written; then it says what it said before.
pub fn save(path: &Path, observed: &Observed) -> Result<(), FileError> {
    let failed = |error| FileError::Write {
        path: path.to_owned(),
        error,
    };
    let written = Written {
        v: VERSION,
        observed,
    };
    let text = serde_json::to_vec(&written).map_err(|error| failed(error.into()))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    atomic_file::write(path, &text, MODE).map_err(failed)
}
