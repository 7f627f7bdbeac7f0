//! The bytes of a list: of its file, or of the version that was downloaded and accepted last.

use super::content::Content;
use super::store::{Record, Store, Version};
use super::{ListError, read};
use crate::config::{List, Source};
use crate::diagnostic::Diagnostic;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// What there is of a list.
#[derive(Debug)]
pub(super) enum Opened {
    /// It was never downloaded.
    Never,
    /// What was accepted of a download.
    Download(Box<Download>),
    /// A file of somebody else.
    File {
        bytes: Bytes,
        /// When it was written.
        modified: Option<Timestamp>,
    },
}

/// A body, and the file that it is in.
#[derive(Debug)]
pub(super) struct Bytes {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    /// Whether to have no byte is no mistake. A download was judged before it was accepted.
    may_be_empty: bool,
}

/// The accepted version of a download.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) bytes: Bytes,
    pub(super) version: Version,
    pub(super) record: Record,
}

impl Bytes {
    pub(super) fn content(
        &self,
        list: &List,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Content, ListError> {
        Content::read(list, &self.path, &self.bytes, self.may_be_empty, warnings)
            .map_err(|wrong| wrong.of(list, &self.path))
    }
}

impl Download {
    /// A word about a version that came from another address than the list now has.
    pub(super) fn elsewhere(&self, list: &List) -> Option<Diagnostic> {
        let Source::Url(url) = &list.source else {
            return None;
        };
        // The protection that was there stays until there is another.
        (self.version.url != *url).then(|| {
            let why = format!(
                "the list \"{}\" is still what {} gave: nothing was accepted from here yet",
                list.name, self.version.url
            );
            list.named_at.warning(why).hint(update(list))
        })
    }
}

/// A word about a list that was never downloaded.
pub(super) fn never(list: &List) -> Diagnostic {
    let why = format!(
        "the list \"{}\" was not downloaded yet: it blocks nothing",
        list.name
    );
    list.named_at.warning(why).hint(update(list))
}

fn update(list: &List) -> String {
    let name = &list.name;
    format!("run `exitguard lists update`, and `exitguard lists status {name}`")
}

/// Reads what there is of a list.
pub(super) fn open(list: &List, cache: &Path) -> Result<Opened, ListError> {
    match &list.source {
        Source::File(path) => file(list, path),
        Source::Url(_) => download(list, cache),
    }
}

fn file(list: &List, path: &Path) -> Result<Opened, ListError> {
    // Before the bytes: if the file is replaced in between, it only seems older than it is.
    let modified = std::fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok();
    let bytes = read(path).map_err(|error| {
        let hint = "paths of lists are relative to the folder of the configuration";
        ListError::read(list, path.to_owned(), error, hint)
    })?;
    Ok(Opened::File {
        bytes: Bytes {
            path: path.to_owned(),
            bytes,
            may_be_empty: list.allow_empty,
        },
        modified: modified.and_then(|time| Timestamp::try_from(time).ok()),
    })
}

fn download(list: &List, cache: &Path) -> Result<Opened, ListError> {
    let store = Store::new(cache);
    let name = &list.name;
    let hint = || format!("remove it, and download the list again: exitguard lists update {name}");
    let record = store
        .record(name)
        .map_err(|error| ListError::read(list, store.record_path(name), error, &hint()))?;
    let Some(version) = record.accepted.clone() else {
        return Ok(Opened::Never);
    };
    let path = store.body_path(name, &version);
    let bytes = store
        .body(name, &version)
        .map_err(|error| ListError::read(list, path.clone(), error, &hint()))?;
    Ok(Opened::Download(Box::new(Download {
        bytes: Bytes {
            path,
            bytes,
            may_be_empty: true,
        },
        version,
        record,
    })))
}
