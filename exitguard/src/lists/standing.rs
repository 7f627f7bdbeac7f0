//! How it is with a list: whether what is in force of it is what should be.

use super::store::{Record, Store, Version};
use crate::config::{List, Source};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;

/// Whether what is in force of a list is what should be. The later, the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is.
    Current,
    /// It was not known for long whether it is.
    Stale,
    /// A newer version waits for a person, or for time to pass.
    Held,
    /// What there is now cannot be used, so the last good version is.
    LastGood,
    /// Nothing is in force.
    Missing,
}

impl Standing {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Current,
        Self::Stale,
        Self::Held,
        Self::LastGood,
        Self::Missing,
    ];

    /// The name in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Stale => "stale",
            Self::Held => "held",
            Self::LastGood => "last_good",
            Self::Missing => "missing",
        }
    }
}

/// How it is with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whether what is in force is what should be.
    pub standing: Standing,
    /// Why not.
    pub why: Option<String>,
    /// The version in force.
    pub version: Option<Version>,
    /// When that was last known to be the newest.
    pub fresh_at: Option<Timestamp>,
}

impl Condition {
    /// Of a list of which the newest version is in force.
    pub(super) const fn current(version: Version, fresh_at: Option<Timestamp>) -> Self {
        Self {
            standing: Standing::Current,
            why: None,
            version: Some(version),
            fresh_at,
        }
    }

    /// Of a list whose newest version cannot be used.
    pub(super) const fn last_good(version: Version, why: String) -> Self {
        Self {
            standing: Standing::LastGood,
            why: Some(why),
            version: Some(version),
            fresh_at: None,
        }
    }

    /// The same, unless that was not known for too long.
    pub(super) fn or_stale(self, list: &List, now: Timestamp) -> Self {
        match (self.standing, self.fresh_at, list.max_age) {
            (Standing::Current, Some(fresh_at), Some(max_age)) => {
                let age = now.duration_since(fresh_at);
                let max_age = SignedDuration::try_from(max_age).unwrap_or(SignedDuration::MAX);
                if age <= max_age {
                    return self;
                }
                let why = format!(
                    "the newest version was seen {} ago, and max_age is {}",
                    ago(age.as_secs()),
                    ago(max_age.as_secs())
                );
                Self {
                    standing: Standing::Stale,
                    why: Some(why),
                    ..self
                }
            }
            _ => self,
        }
    }

    /// The same, unless a newer version is held.
    pub(super) fn or_held(self, record: &Record) -> Self {
        match &record.held {
            Some(held) => Self {
                standing: Standing::Held,
                why: Some(held.reason.to_string()),
                ..self
            },
            None => self,
        }
    }

    /// What became of it since: time passes, and updates tell what they found.
    #[must_use]
    pub fn again(&self, list: &List, cache: &Path, now: Timestamp) -> Self {
        if matches!(self.standing, Standing::LastGood | Standing::Missing) {
            return self.clone();
        }
        let mut same = self.clone();
        match &list.source {
            // What is held of a file was found when it was read.
            Source::File(_) if self.standing == Standing::Held => return same,
            Source::File(_) => {}
            Source::Url(_) => {
                let Ok(record) = Store::new(cache).record(&list.name) else {
                    return same;
                };
                let sha256 = |version: &Option<Version>| Some(version.as_ref()?.sha256.clone());
                if sha256(&record.accepted) == sha256(&self.version) {
                    same.fresh_at = record.fresh_at();
                    same.standing = Standing::Current;
                    same.why = None;
                    return same.or_held(&record).or_stale(list, now);
                }
            }
        }
        same.standing = Standing::Current;
        same.why = None;
        same.or_stale(list, now)
    }

    /// Seconds since the version in force was accepted.
    pub fn age(&self, now: Timestamp) -> Option<i64> {
        let accepted_at = self.version.as_ref()?.accepted_at;
        Some(now.duration_since(accepted_at).as_secs().max(0))
    }
}

/// Now, as precise as people and state files need it.
pub fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default()
}

/// A span of time in its largest unit.
pub fn ago(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
