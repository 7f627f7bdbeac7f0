//! The bytes of a list: of its file, or of the version that was downloaded and accepted last.

use super::store::{Record, Store};
use super::{ListError, read};
use crate::config::{List, Source};
use crate::diagnostic::Diagnostic;
use std::io;
use std::path::{Path, PathBuf};

/// What there is of a list, and in which file. `None` if it was never downloaded, with a warning.
pub(super) fn open(
    list: &List,
    cache: &Path,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Option<(PathBuf, Vec<u8>)>, ListError> {
    let (path, result, hint) = match &list.source {
        Source::File(path) => (
            path.clone(),
            read(path),
            "paths of lists are relative to the folder of the configuration".to_owned(),
        ),
        Source::Url(url) => {
            let store = Store::new(cache);
            let hint = format!(
                "remove it, and download the list again: exitguard lists update {}",
                list.name
            );
            match store.record(&list.name) {
                Err(error) => (store.record_path(&list.name), Err(error), hint),
                Ok(record) => match accepted(list, url, &store, &record, warnings) {
                    None => return Ok(None),
                    Some((path, result)) => (path, result, hint),
                },
            }
        }
    };
    match result {
        Ok(bytes) => Ok(Some((path, bytes))),
        Err(error) => {
            let why = format!("cannot read {}: {error}", path.display());
            Err(ListError::Read {
                name: list.name.clone(),
                path,
                error,
                diagnostic: Box::new(list.named_at.error(why).hint(hint)),
            })
        }
    }
}

fn accepted(
    list: &List,
    url: &str,
    store: &Store,
    record: &Record,
    warnings: &mut Vec<Diagnostic>,
) -> Option<(PathBuf, io::Result<Vec<u8>>)> {
    let name = &list.name;
    let update = format!("run `exitguard lists update`, and `exitguard lists status {name}`");
    let Some(version) = &record.accepted else {
        let why = format!("the list \"{name}\" was not downloaded yet: it blocks nothing");
        warnings.push(list.named_at.warning(why).hint(update));
        return None;
    };
    if version.url != url {
        // The protection that was there stays until there is another.
        let why = format!(
            "the list \"{name}\" is still what {} gave: nothing was accepted from here yet",
            version.url
        );
        warnings.push(list.named_at.warning(why).hint(update));
    }
    Some((store.body_path(name, version), store.body(name, version)))
}

/// Whether a file without a byte is no mistake. A download was judged before it was accepted.
pub(super) const fn may_be_empty(list: &List) -> bool {
    list.allow_empty || matches!(list.source, Source::Url(_))
}
