//! All that is in a list, of the version in force or of another.

use super::store::Store;
use super::{
    Coverage, Domains, Entries, ListError, Parsed, Refusal, Safe, Target, last_good,
    parse_looking_for, read, safety,
};
use crate::config::{List, Source};
use crate::diagnostic::Diagnostic;
use ipnet::IpNet;
use std::io;
use std::path::{Path, PathBuf};

/// All that is in a list.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Its prefixes.
    pub entries: Entries,
    /// Prefixes that it has no more because they are too short.
    pub too_short: Vec<IpNet>,
    /// Its names.
    pub domains: Domains,
    /// What the prefixes cover, without what is left out.
    pub coverage: Coverage,
}

impl Content {
    /// The version in force; nothing if nothing of the list is.
    ///
    /// # Errors
    /// As [`load`](super::load).
    pub fn in_force(list: &List, cache: &Path) -> Result<Self, ListError> {
        match in_force(list, cache, None, &mut Vec::new())? {
            Some((path, parsed)) => Self::new(list, &path, parsed),
            None => Ok(Self::default()),
        }
    }

    /// The version that is held, if one is.
    ///
    /// # Errors
    /// When it cannot be read any more.
    pub fn held(list: &List, cache: &Path) -> Result<Option<Self>, ListError> {
        let Source::Url(url) = &list.source else {
            return match last_good::is_held(list, cache) {
                true => Ok(Some(Self::in_source(list)?)),
                false => Ok(None),
            };
        };
        let store = Store::new(cache);
        let unreadable = |path, error| unreadable(list, path, error);
        let record = store
            .record(&list.name)
            .map_err(|error| unreadable(store.record_path(&list.name), error))?;
        let Some(held) = record.held.filter(|held| held.version.url == *url) else {
            return Ok(None);
        };
        let path = store.body_path(&list.name, &held.version);
        let bytes = store.body(&list.name, &held.version);
        let bytes = bytes.map_err(|error| unreadable(path.clone(), error))?;
        Self::of_bytes(list, &path, &bytes, true).map(Some)
    }

    /// What its file has.
    fn in_source(list: &List) -> Result<Self, ListError> {
        match &list.source {
            Source::File(path) => Self::of_file(list, path),
            Source::Url(_) => Ok(Self::default()),
        }
    }

    /// Another file, read as this list is.
    ///
    /// # Errors
    /// As [`load`](super::load).
    pub fn of_file(list: &List, path: &Path) -> Result<Self, ListError> {
        let bytes = read(path);
        let bytes = bytes.map_err(|error| unreadable(list, path.to_owned(), error))?;
        Self::of_bytes(list, path, &bytes, list.allow_empty)
    }

    fn of_bytes(
        list: &List,
        path: &Path,
        bytes: &[u8],
        may_be_empty: bool,
    ) -> Result<Self, ListError> {
        match judged(list, path, bytes, may_be_empty, None, &mut Vec::new())? {
            Some(parsed) => Self::new(list, path, parsed),
            None => Ok(Self::default()),
        }
    }

    fn new(list: &List, path: &Path, mut parsed: Parsed) -> Result<Self, ListError> {
        let domains = std::mem::take(&mut parsed.domains);
        let safe = safe(list, path, parsed)?;
        let blocked = safe.blocked();
        let blocked = blocked.map_err(|refusal| ListError::refused(list, path, refusal))?;
        Ok(Self {
            coverage: Coverage::of(&blocked),
            entries: safe.entries,
            too_short: safe.too_short,
            domains,
        })
    }
}

/// The version in force, if it can be trusted; `None` if there is nothing of the list, and that is no mistake.
pub(super) fn in_force(
    list: &List,
    cache: &Path,
    target: Option<&Target>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Option<(PathBuf, Parsed)>, ListError> {
    let Some(path) = last_good::file_in_force(list, cache, warnings)? else {
        return Ok(None);
    };
    let bytes = read(&path);
    let bytes = bytes.map_err(|error| unreadable(list, path.clone(), error))?;
    // What it says was said when it was chosen.
    let parsed = judged(list, &path, &bytes, true, target, &mut Vec::new())?;
    Ok(parsed.map(|parsed| (path, parsed)))
}

fn judged(
    list: &List,
    path: &Path,
    bytes: &[u8],
    may_be_empty: bool,
    target: Option<&Target>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Option<Parsed>, ListError> {
    let mut parsed = match parse_looking_for(path, bytes, list.format.as_ref(), target) {
        Err(Refusal::Empty) if may_be_empty => return Ok(None),
        parsed => parsed.map_err(|refusal| ListError::refused(list, path, refusal))?,
    };
    match parsed.judge() {
        Ok(()) => {}
        Err(Refusal::Invalid { invalid, .. }) => {
            return Err(ListError::Parse {
                name: list.name.clone(),
                count: invalid,
                diagnostics: parsed.samples,
            });
        }
        Err(refusal) => return Err(ListError::refused(list, path, refusal)),
    }
    warnings.append(&mut parsed.take_warnings());
    Ok(Some(parsed))
}

/// The entries of a list, within its limits.
pub(super) fn safe(list: &List, path: &Path, parsed: Parsed) -> Result<Safe, ListError> {
    let blocked = parsed.into_blocked();
    let safe = blocked.and_then(|blocked| safety::make_safe(blocked, &list.limits));
    safe.map_err(|refusal| ListError::refused(list, path, refusal))
}

fn unreadable(list: &List, path: PathBuf, error: io::Error) -> ListError {
    ListError::read(list, path, error, "look at the file and at its permissions")
}
