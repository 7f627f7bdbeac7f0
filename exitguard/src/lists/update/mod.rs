//! Downloads lists, and decides what becomes of what comes: put in force, held, or refused.
//!
//! A version is compared with the one that was *accepted* last, never with one that was held: otherwise
//! the recovery from an accident would be held itself. Whatever goes wrong, what is in force stays.

mod backoff;
mod fetch;
pub(super) mod guard;

pub use fetch::{FetchError, Fetched, Fetcher, Limits, Progress, Validators};

use super::content::Content;
use super::store::{Counts, Held, Reason, Record, Store, Version};
use crate::config::List;
use guard::Permits;
use jiff::Timestamp;
use std::io;
use std::path::Path;

/// Part of the interval of a publisher by which it may be asked too early: one in so many.
const EARLY: u32 = 20;

/// What became of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new version is in force.
    Accepted {
        /// How many entries it has.
        entries: usize,
        /// How many the one before had.
        was: Option<usize>,
        /// It was held before, and stayed so long that it is no accident.
        released: bool,
    },
    /// What is in force is the newest.
    Unchanged {
        /// How many entries it has.
        entries: usize,
    },
    /// A new version waits for a person, or for time to pass.
    Held(Box<Held>),
    /// Nothing came that is a list.
    Failed {
        /// Why.
        why: String,
    },
    /// The server was not asked, because its publisher permits no more.
    Early {
        /// Until when.
        until: Timestamp,
    },
    /// The server was not asked, because it failed shortly before.
    Waiting {
        /// Why it failed.
        why: String,
        /// Until when.
        until: Timestamp,
    },
}

/// Updates lists.
#[derive(Debug)]
pub struct Updater<'a> {
    /// Where they are kept. Whoever updates holds its lock.
    pub store: &'a Store,
    /// Where they come from.
    pub fetcher: &'a Fetcher,
    /// Asks servers that failed shortly before, or may not be asked again yet, too.
    pub force: bool,
}

impl Updater<'_> {
    /// Updates one list, as of `now`.
    pub fn update(&self, list: &List, url: &str, now: Timestamp) -> Outcome {
        let mut record = match self.store.record(&list.name) {
            Ok(record) => record,
            Err(error) => {
                let path = self.store.record_path(&list.name);
                return Outcome::Failed {
                    why: format!(
                        "cannot read {}: {error}; remove it to begin anew",
                        path.display()
                    ),
                };
            }
        };
        if record.url != url {
            // What is in force stays in force; nothing else is known about the new address.
            record = Record {
                url: url.to_owned(),
                accepted: record.accepted,
                ..Record::default()
            };
        }
        if let (Some(until), Some(why), false) = (record.not_before, &record.error, self.force)
            && now < until
        {
            return Outcome::Waiting {
                why: why.clone(),
                until,
            };
        }
        if let (Some(until), false) = (self.earliest(list, &record), self.force)
            && now < until
        {
            return Outcome::Early { until };
        }
        record.checked_at = Some(now);
        match self.ask(list, &mut record, now) {
            Ok(outcome) => {
                record.error = None;
                record.fails = 0;
                record.not_before = None;
                match self.store.save(&list.name, &record) {
                    Ok(()) => outcome,
                    Err(error) => self.not_kept(&error),
                }
            }
            Err(failure) => {
                record.fails = record.fails.saturating_add(1);
                record.not_before = Some(backoff::next(
                    &list.name,
                    record.fails,
                    now,
                    failure.retry_after,
                ));
                record.error = Some(failure.why.clone());
                match self.store.save(&list.name, &record) {
                    Ok(()) => Outcome::Failed { why: failure.why },
                    Err(error) => self.not_kept(&error),
                }
            }
        }
    }

    fn not_kept(&self, error: &io::Error) -> Outcome {
        Outcome::Failed {
            why: not_kept(self.store.folder(), error),
        }
    }

    fn ask(&self, list: &List, record: &mut Record, now: Timestamp) -> Result<Outcome, Failure> {
        let known = self.known(list, record).filter(is_named);
        let validators = known
            .as_ref()
            .map_or_else(Validators::default, |version| Validators {
                etag: version.etag.clone(),
                last_modified: version.last_modified.clone(),
            });
        let version = match (self.fetcher.fetch(&record.url, &validators, now)?, known) {
            (Fetched::NotModified, Some(known)) => known,
            (Fetched::NotModified, None) => {
                return Err(Failure::from(
                    "the server says that it did not change, and was not asked that".to_owned(),
                ));
            }
            (Fetched::Body { bytes, validators }, _) => {
                let named = Path::new(&list.name);
                let content = Content::read(list, named, &bytes, true, &mut Vec::new());
                let content = content.map_err(|wrong| {
                    Failure::from(format!("what came is not taken: {}", wrong.refusal()))
                })?;
                let sha256 = self
                    .store
                    .save_body(&list.name, &bytes)
                    .map_err(|error| Failure::from(not_kept(self.store.folder(), &error)))?;
                Version {
                    etag: validators.etag,
                    last_modified: validators.last_modified,
                    ..content.version(&record.url, sha256, now)
                }
            }
        };
        Ok(guard::place(record, version, Permits::of(list), now))
    }

    /// When the publisher may be asked again, if what came last is still here.
    fn earliest(&self, list: &List, record: &Record) -> Option<Timestamp> {
        let (interval, checked_at) = (list.interval?, record.checked_at?);
        if record.error.is_some() || self.known(list, record).is_none() {
            return None;
        }
        // A timer that comes once in the interval is not always on time.
        checked_at.checked_add(interval - interval / EARLY).ok()
    }

    /// The newest version that is here, from this address and undamaged.
    fn known(&self, list: &List, record: &Record) -> Option<Version> {
        let held = record.held.as_ref().map(|held| &held.version);
        held.or(record.accepted.as_ref())
            .filter(|version| version.url == record.url)
            .filter(|version| self.store.body(&list.name, version).is_ok())
            .cloned()
    }
}

/// Puts in force what is held, because a person says so. `None` if nothing is.
///
/// # Errors
/// When it cannot be read, or the decision not be kept.
pub fn accept(store: &Store, name: &str, url: &str, now: Timestamp) -> io::Result<Option<Counts>> {
    let mut record = store.record(name)?;
    let Some(held) = record.held.take().filter(|held| held.version.url == url) else {
        return Ok(None);
    };
    store.body(name, &held.version)?;
    let counts = held.version.counts.clone();
    record.accepted = Some(Version {
        accepted_at: now,
        ..held.version
    });
    record.unchanged = false;
    record.fresh_at = Some(now);
    store.save(name, &record)?;
    Ok(Some(counts))
}

/// Whether a server can be asked for what is newer.
const fn is_named(version: &Version) -> bool {
    version.etag.is_some() || version.last_modified.is_some()
}

/// Why a try failed.
struct Failure {
    why: String,
    retry_after: Option<Timestamp>,
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self {
            why,
            retry_after: None,
        }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self {
            why: error.to_string(),
            retry_after: error.retry_after(),
        }
    }
}

fn not_kept(folder: &Path, error: &io::Error) -> String {
    format!("cannot keep it in {}: {error}", folder.display())
}
