//! What is put in force of a list, whatever became of its file: the newest version if it can be trusted, else
//! the last good one, else nothing, and always with a word about it.
//!
//! The last good version of every list is kept in a folder of its own inside the cache, whose lock is held for
//! moments only: an update, which holds that of the cache while servers answer, does not stop the daemon.
//! Only the daemon writes there, after a version is in force, and `lists accept`.

mod accept;
mod fallback;
mod keep;
mod relays;
mod taking;
#[cfg(test)]
mod tests;

pub use accept::{AcceptError, accept};
pub use relays::Relays;

use super::source::{self, Opened};
use super::standing::{Condition, Standing, now};
use super::store::{Record, Store};
use super::{ListError, LoadedList};
use crate::config::{List, Source};
use crate::diagnostic::Diagnostic;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use taking::Taking;

/// The folder of the last good versions, in the cache.
const FOLDER: &str = "last_good";

fn store(cache: &Path) -> Store {
    Store::new(cache.join(FOLDER))
}

/// A list as it is put in force.
#[derive(Debug)]
pub struct Taken {
    /// What is in force.
    pub list: LoadedList,
    /// What is known about it.
    pub memory: Memory,
    /// Why what there is now cannot be used.
    pub error: Option<ListError>,
}

/// What is known about a list beside its entries.
#[derive(Clone, Debug)]
pub struct Memory {
    /// How it is with it.
    pub condition: Condition,
    /// The last good version, and what is held.
    record: Record,
    /// The file of the last good version, if there is something to keep.
    to_keep: Option<PathBuf>,
    /// Nobody took this version before.
    is_new: bool,
}

impl Taken {
    const fn new(list: LoadedList, memory: Memory) -> Self {
        Self {
            list,
            memory,
            error: None,
        }
    }
}

impl Memory {
    const fn new(condition: Condition, record: Record, to_keep: Option<PathBuf>) -> Self {
        Self {
            condition,
            record,
            to_keep,
            is_new: false,
        }
    }

    /// How many entries the version has that is held of a file.
    pub fn held_entries(&self) -> Option<usize> {
        let held = self.record.held.as_ref()?;
        Some(held.version.counts.entries())
    }

    /// When what is in force was accepted; `None` if it is accepted only now.
    pub fn accepted_at(&self) -> Option<Timestamp> {
        let version = self.condition.version.as_ref()?;
        (!self.is_new).then_some(version.accepted_at)
    }
}

/// Takes what can be trusted of a list. `before` is what is in force of it, if anything is.
pub fn take(
    list: &List,
    cache: &Path,
    before: Option<(&LoadedList, &Memory)>,
    now: Timestamp,
    warnings: &mut Vec<Diagnostic>,
) -> Taken {
    let store = store(cache);
    // One that is damaged is as good as none, and written anew.
    let kept = store.record(&list.name).unwrap_or_default();
    let taking = Taking {
        list,
        store,
        kept,
        before,
        now,
    };
    let known = taking.known();
    let taken = match source::open(list, cache) {
        Err(error) => taking.last_good(known, error, warnings),
        Ok(Opened::Never) => taking.never(known, warnings),
        Ok(Opened::Download(download)) => match download.bytes.content(list, warnings) {
            Ok(content) => taking.download(&download, content, warnings),
            Err(error) => taking.last_good(known, error, warnings),
        },
        Ok(Opened::File { bytes, modified }) => match bytes.content(list, warnings) {
            Ok(content) => taking.file(&known, &bytes, content, modified, warnings),
            Err(error) => taking.last_good(known, error, warnings),
        },
    };
    if taken.memory.condition.standing == Standing::Stale
        && let Some(why) = &taken.memory.condition.why
    {
        let message = format!("list \"{}\": {why}; it stays in force", list.name);
        let hint = match list.source {
            Source::Url(_) => format!("look at `exitguard lists status {}`", list.name),
            Source::File(_) => "look at what writes this file".to_owned(),
        };
        warnings.push(list.named_at.warning(message).hint(hint));
    }
    taken
}

/// Whether a version of a file is held.
pub(super) fn is_held(list: &List, cache: &Path) -> bool {
    let taken = take(list, cache, None, now(), &mut Vec::new());
    taken.memory.held_entries().is_some()
}

/// The file that holds what is in force of a list; `None` if nothing of it is.
///
/// # Errors
/// When what there is now cannot be used, and there is no other.
pub(super) fn file_in_force(
    list: &List,
    cache: &Path,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Option<PathBuf>, ListError> {
    let taken = take(list, cache, None, now(), warnings);
    let Condition {
        standing, version, ..
    } = taken.memory.condition;
    let Some(version) = version else {
        return taken.error.map_or(Ok(None), Err);
    };
    Ok(Some(match (standing, &list.source) {
        (Standing::LastGood, _) | (Standing::Held, Source::File(_)) => {
            store(cache).body_path(&list.name, &version)
        }
        (_, Source::File(path)) => path.clone(),
        (_, Source::Url(_)) => Store::new(cache).body_path(&list.name, &version),
    }))
}

/// Where a version of a file came from: its whole path, because the folder of the process may change.
fn place_of(path: &Path) -> String {
    let whole = std::path::absolute(path);
    let whole = whole.as_deref().unwrap_or(path);
    whole.to_string_lossy().into_owned()
}
