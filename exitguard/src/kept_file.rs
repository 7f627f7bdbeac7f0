//! What the daemon keeps for the next one: JSON files with a version, replaced whole.

use crate::atomic_file;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Version of the files. Changes when a field of one of them changes its meaning or goes.
const VERSION: u32 = 1;
/// Who does what, and who is blocked, is nobody else's business.
const MODE: u32 = 0o600;

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    v: u32,
    #[serde(flatten)]
    value: T,
}

/// Why something is not known, or not kept.
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

/// Reads what was written; nothing where nothing was.
///
/// # Errors
/// When the file is there and cannot be used.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
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
    let Kept { v, value } =
        serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    if v != VERSION {
        return Err(damaged(format!("it is of version {v}, not {VERSION}")));
    }
    Ok(Some(value))
}

/// As [`load`]; a file that cannot be used is moved out of the way of the next one, and what is wrong with it and where
/// it is now comes as a sentence.
pub fn take<T: DeserializeOwned>(path: &Path) -> (Option<T>, Option<String>) {
    let error = match load(path) {
        Ok(value) => return (value, None),
        Err(error) => error,
    };
    let aside = path.with_added_extension("damaged");
    let place = match fs::rename(path, &aside) {
        Ok(()) => format!("it is {} now", aside.display()),
        Err(_) => "it could not be moved out of the way".to_owned(),
    };
    (None, Some(format!("{error}; {place}")))
}

/// Writes something down: after a power cut the file says what it said before, or this.
///
/// # Errors
/// When it cannot be written; then it says what it said before.
pub fn save(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    let failed = |error| FileError::Write {
        path: path.to_owned(),
        error,
    };
    let kept = Kept { v: VERSION, value };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let fill = |file: &mut File| {
        let mut file = BufWriter::new(file);
        serde_json::to_writer(&mut file, &kept)?;
        file.flush()
    };
    atomic_file::write_with(path, MODE, fill).map_err(failed)
}
