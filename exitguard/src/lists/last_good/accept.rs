//! Taking what is in a file because a person says so.

use super::keep::lock;
use super::{place_of, store};
use crate::config::List;
use crate::lists::ListError;
use crate::lists::source::{self, Opened};
use crate::lists::store::{Counts, Record, digest};
use crate::lists::update::Outcome;
use crate::lists::update::guard::{Permits, place};
use jiff::Timestamp;
use std::io;
use std::path::Path;

/// Why nothing is accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// What is there is no list.
    #[error("{}", .0.why())]
    List(#[from] ListError),
    /// The decision cannot be kept.
    #[error("{0}")]
    Keep(#[from] io::Error),
}

/// Puts in force what is held of a list, because a person says so. `None` if nothing is. The daemon has to be
/// told.
///
/// # Errors
/// When it cannot be read, is no list, or the decision cannot be kept.
pub fn accept(list: &List, cache: &Path, now: Timestamp) -> Result<Option<Counts>, AcceptError> {
    let (bytes, content) = match source::open(list, cache)? {
        Opened::File { bytes, .. } => {
            let content = bytes.content(list, &mut Vec::new())?;
            (bytes, content)
        }
        // What is held of a download was judged when it came.
        Opened::Never | Opened::Download(_) => return Ok(None),
    };
    let store = store(cache);
    let _lock = lock(&store)?;
    let known = store.record(&list.name).unwrap_or_default();
    let url = place_of(&bytes.path);
    let version = content.version(&url, digest(&bytes.bytes), now);
    let mut judged = known.clone();
    let mut permits = Permits::of(list);
    permits.empty |= known.accepted.is_none();
    judged.held = None;
    if !matches!(
        place(&mut judged, version.clone(), permits, now),
        Outcome::Held(_)
    ) {
        return Ok(None);
    }
    let counts = version.counts.clone();
    let record = Record {
        url,
        accepted: Some(version),
        ..Record::default()
    };
    store.save_body(&list.name, &bytes.bytes)?;
    store.save(&list.name, &record)?;
    Ok(Some(counts))
}
