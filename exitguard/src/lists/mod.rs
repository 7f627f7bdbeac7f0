//! Blocklists: files of addresses, prefixes and names, in the formats that people publish them in.
//!
//! From a file to entries: [`unpack`](unpack::unpack) gives text or refuses, [`detect`](detect::detect)
//! names its format, the parser in [`formats`] for it puts what it finds into a
//! [`Collector`], and [`Parsed::judge`] says whether the result can be trusted.

mod bogons;
mod carve;
pub mod catalogue;
mod collector;
mod content;
mod coverage;
mod detect;
mod diff;
mod domains;
mod entries;
mod error;
mod format;
mod formats;
mod last_good;
mod parsed;
mod refusal;
mod safety;
mod search;
mod source;
mod standing;
pub mod store;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod unpack;
pub mod update;
mod whole;

pub use bogons::{Bogon, bogons, is_special};
pub use coverage::{Coverage, widest};
pub use diff::{Changes, Diff};
pub use domains::{Domains, Scope};
pub use entries::Entries;
pub use error::ListError;
pub use format::{Columns, Format, Named, Selection};
pub use last_good::{AcceptError, Memory, Relays, Taken, accept, take};
pub use parsed::{Parsed, Stats};
pub use refusal::Refusal;
pub use safety::{Limits, Safe, within};
pub use search::{Found, Mention, Mentioned, NoTarget, Target, search};
pub use standing::{Condition, Standing, ago, now};
pub use whole::Content;

use crate::config::{List, ListAction};
use crate::diagnostic::{Diagnostic, SourceFile};
use collector::Collector;
use ipnet::IpNet;
use parsed::SAMPLES;
use source::Opened;
use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::Path;

/// Largest list that is read, as a file and unpacked: far above any list there is, far below what hurts.
const MAX_BYTES: u64 = 256 << 20;

/// Most prefixes that a list may become.
const MAX_ENTRIES: usize = 20_000_000;

/// A list with its entries.
#[derive(Clone, Debug)]
pub struct LoadedList {
    /// Its name in the configuration.
    pub name: String,
    /// What a hit does.
    pub action: ListAction,
    /// What it holds, as written.
    pub entries: Entries,
    /// What of that is not blocked all the same.
    pub left_out: Entries,
    /// How many names it has. They are not enforced yet; the names themselves would take tens of megabytes of
    /// a daemon that has no use for them, and are read from the file again for who asks.
    pub names: usize,
}

impl LoadedList {
    /// A list of which nothing is in force.
    fn nothing(list: &List) -> Self {
        Self {
            name: list.name.clone(),
            action: list.action,
            entries: Entries::default(),
            left_out: Entries::default(),
            names: 0,
        }
    }

    /// Keeps one copy of what is as it was before.
    pub fn share(&mut self, before: &Self) {
        self.entries.share(&before.entries);
        self.left_out.share(&before.left_out);
    }

    /// How many entries are left out, wholly or in part.
    pub fn left_out_entries(&self) -> usize {
        if self.left_out.is_empty() {
            return 0;
        }
        let left_out = bogons(&self.entries)
            .into_iter()
            .filter(|bogon| bogon.is_left_out);
        left_out.map(|bogon| bogon.entries).sum()
    }

    /// The longest entry that blocks the address.
    pub fn find(&self, addr: IpAddr) -> Option<IpNet> {
        match self.left_out.find(addr) {
            Some(_) => None,
            None => self.entries.find(addr),
        }
    }
}

/// Reads a list from its file, or what was downloaded of it from the folder `cache`.
///
/// # Errors
/// When the file cannot be read, is refused, or too much of it makes no sense: a list is taken whole or not
/// at all.
pub fn load(
    list: &List,
    cache: &Path,
    warnings: &mut Vec<Diagnostic>,
) -> Result<LoadedList, ListError> {
    match source::open(list, cache)? {
        Opened::Never => {
            warnings.push(source::never(list));
            Ok(LoadedList::nothing(list))
        }
        Opened::Download(download) => {
            warnings.extend(download.elsewhere(list));
            let content = download.bytes.content(list, warnings)?;
            Ok(content.loaded(list))
        }
        Opened::File { bytes, .. } => Ok(bytes.content(list, warnings)?.loaded(list)),
    }
}

/// Reads a list that is text already.
///
/// # Errors
/// One diagnostic for each entry that makes no sense, up to ten of them, or one that says why nothing is
/// taken.
pub fn parse(
    file: &SourceFile,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Entries, Vec<Diagnostic>> {
    let refused = |refusal: Refusal| {
        let why = format!("this list is not taken: {refusal}");
        vec![file.error(0..0, why).hint(refusal.remedy())]
    };
    let mut parsed = parse_bytes(file.path(), file.text().as_bytes(), None).map_err(refused)?;
    match parsed.judge() {
        Ok(()) => {}
        Err(Refusal::Invalid { .. }) => return Err(parsed.samples),
        Err(refusal) => return Err(refused(refusal)),
    }
    warnings.append(&mut parsed.take_warnings());
    parsed.into_blocked().map_err(refused)
}

/// Finds out what is in a list. `path` is for messages; without a format, the content tells it.
///
/// # Errors
/// When the whole of it makes no sense; of its entries, [`Parsed::judge`] decides.
pub fn parse_bytes(path: &Path, bytes: &[u8], format: Option<&Format>) -> Result<Parsed, Refusal> {
    parse_looking_for(path, bytes, format, None)
}

fn parse_looking_for(
    path: &Path,
    bytes: &[u8],
    format: Option<&Format>,
    target: Option<&Target>,
) -> Result<Parsed, Refusal> {
    let text = unpack::unpack(bytes)?;
    let format = match format {
        Some(format) => format.clone(),
        None => detect::detect(&text)?,
    };
    let mut found = Collector::new(path, &text, MAX_ENTRIES).look_for(target);
    formats::read(&format, &text, &mut found)?;
    found.finish(format)
}

/// Reads a file, up to the size that a list may have.
///
/// # Errors
/// When it is no regular file, changes meanwhile, or the system says so.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Asked before it is opened, because opening a FIFO waits.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let file = File::open(path)?;
    let before = file.metadata()?;
    if before.len() > MAX_BYTES {
        return Err(io::Error::other(format!(
            "it has {} bytes, more than the {MAX_BYTES} a list may have",
            before.len()
        )));
    }
    let mut bytes = Vec::with_capacity(before.len() as usize + 1);
    (&file).take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    let after = file.metadata()?;
    let is_same = bytes.len() as u64 == after.len() && before.modified()? == after.modified()?;
    if !is_same {
        return Err(io::Error::other(
            "it changed while it was read; write a new file and rename it to this one",
        ));
    }
    Ok(bytes)
}
