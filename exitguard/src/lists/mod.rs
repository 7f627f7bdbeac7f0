//! Blocklists: files of addresses and prefixes.

mod entries;
mod plain;

pub use entries::Entries;
pub use plain::parse;

use crate::config::{List, ListAction};
use crate::diagnostic::{Diagnostic, SourceFile};
use std::io;
use std::path::PathBuf;

/// Largest list file that is read: far above any list there is, far below what hurts.
const MAX_BYTES: u64 = 256 << 20;

/// A list with its entries.
#[derive(Clone, Debug)]
pub struct LoadedList {
    /// Its name in the configuration.
    pub name: String,
    /// What a hit does.
    pub action: ListAction,
    /// What it holds.
    pub entries: Entries,
}

/// Why a list could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file cannot be read.
    #[error("list \"{name}\": cannot read {}: {error}", path.display())]
    Read {
        /// Name of the list.
        name: String,
        /// Its file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
        /// The same, where the configuration names the file.
        diagnostic: Box<Diagnostic>,
    },
    /// Lines that are not addresses.
    #[error("list \"{name}\": {} of its lines cannot be read", diagnostics.len())]
    Parse {
        /// Name of the list.
        name: String,
        /// One for each such line, at most [`plain::MAX_ERRORS`].
        diagnostics: Vec<Diagnostic>,
    },
}

/// Reads a list from its file.
///
/// # Errors
/// When the file cannot be read, is too large, or any line is no prefix: a list is taken whole or not at
/// all.
pub fn load(list: &List, warnings: &mut Vec<Diagnostic>) -> Result<LoadedList, ListError> {
    let read_error = |error| {
        let path = list.source.display();
        let diagnostic = list
            .named_at
            .error(format!("cannot read {path}: {error}"))
            .hint("paths of lists are relative to the folder of the configuration");
        ListError::Read {
            name: list.name.clone(),
            path: list.source.clone(),
            error,
            diagnostic: Box::new(diagnostic),
        }
    };
    let text = read(list).map_err(read_error)?;
    let file = SourceFile::new(&list.source, text);
    let entries = parse(&file, warnings).map_err(|diagnostics| ListError::Parse {
        name: list.name.clone(),
        diagnostics,
    })?;
    Ok(LoadedList {
        name: list.name.clone(),
        action: list.action,
        entries,
    })
}

fn read(list: &List) -> io::Result<String> {
    let metadata = std::fs::metadata(&list.source)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(io::Error::other(format!(
            "it has {} bytes, more than the {MAX_BYTES} a list may have",
            metadata.len()
        )));
    }
    String::from_utf8(std::fs::read(&list.source)?)
        .map_err(|error| io::Error::other(format!("it is not text: {}", error.utf8_error())))
}
