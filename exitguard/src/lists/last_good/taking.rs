//! How it is decided what is put in force of a list.

use super::{Memory, Taken, place_of};
use crate::config::List;
use crate::diagnostic::Diagnostic;
use crate::lists::content::Content;
use crate::lists::source::{self, Bytes, Download};
use crate::lists::standing::{Condition, Standing, ago};
use crate::lists::store::{Held, Record, Store, Version, digest};
use crate::lists::update::Outcome;
use crate::lists::update::guard::{Permits, place};
use crate::lists::{ListError, LoadedList};
use jiff::Timestamp;

/// A list, and everything that it depends on.
pub(super) struct Taking<'a> {
    pub(super) list: &'a List,
    pub(super) store: Store,
    pub(super) kept: Record,
    pub(super) before: Option<(&'a LoadedList, &'a Memory)>,
    pub(super) now: Timestamp,
}

impl Taking<'_> {
    /// What is known about the list: the newer of what is kept and what is remembered, because the store may
    /// not be writable.
    pub(super) fn known(&self) -> Record {
        let accepted_at = |record: &Record| Some(record.accepted.as_ref()?.accepted_at);
        match self.before {
            Some((_, before)) if accepted_at(&before.record) > accepted_at(&self.kept) => {
                before.record.clone()
            }
            _ => self.kept.clone(),
        }
    }

    /// A download that never came.
    pub(super) fn never(&self, known: Record, warnings: &mut Vec<Diagnostic>) -> Taken {
        let why = "it was not downloaded yet".to_owned();
        let Some((list, version)) = self.before_it(&known, warnings) else {
            warnings.push(source::never(self.list));
            return self.nothing(known, why);
        };
        let condition = Condition::last_good(version, why.clone());
        let name = &self.list.name;
        let message = format!("list \"{name}\": {why}; {}", self.stays(&condition));
        let warning = self.list.named_at.warning(message);
        warnings.push(warning.hint("run `exitguard lists update`"));
        Taken::new(list, Memory::new(condition, known, None))
    }

    /// The accepted version of a download.
    pub(super) fn download(
        &self,
        download: &Download,
        content: Content,
        warnings: &mut Vec<Diagnostic>,
    ) -> Taken {
        warnings.extend(download.elsewhere(self.list));
        let version = download.version.clone();
        let condition = Condition::current(version.clone(), download.record.fresh_at())
            .or_held(&download.record);
        if condition.standing == Standing::Held {
            self.tell_held(&condition, warnings);
        }
        let record = Record {
            url: version.url.clone(),
            accepted: Some(version),
            ..Record::default()
        };
        self.taken(content, condition, record, &download.bytes)
    }

    /// A file.
    pub(super) fn file(
        &self,
        known: &Record,
        bytes: &Bytes,
        content: Content,
        modified: Option<Timestamp>,
        warnings: &mut Vec<Diagnostic>,
    ) -> Taken {
        let url = place_of(&bytes.path);
        let sha256 = digest(&bytes.bytes);
        // What is kept counts even if it seems older than what is remembered: clocks are set back.
        for known in [known, &self.kept] {
            let accepted = known.accepted.as_ref();
            let is_this = |version: &&Version| version.url == url && version.sha256 == sha256;
            if let Some(version) = accepted.filter(is_this) {
                let condition = Condition::current(version.clone(), modified);
                let record = Record {
                    held: None,
                    ..known.clone()
                };
                return self.taken(content, condition, record, bytes);
            }
        }
        let accepted = known.accepted.as_ref();
        let accepted = accepted.filter(|version| version.url == url);
        let version = content.version(&url, sha256, self.now);
        let mut permits = Permits::of(self.list);
        // Somebody put this file there, and there was nothing that it could take away.
        permits.empty |= accepted.is_none();
        let mut record = Record {
            url,
            ..known.clone()
        };
        if let Outcome::Held(held) = place(&mut record, version.clone(), permits, self.now) {
            if let Some((list, version)) = self.before_it(known, warnings) {
                let condition = Condition::current(version, modified).or_held(&record);
                self.tell_held(&condition, warnings);
                let to_keep = Some(bytes.path.clone());
                let memory = Memory::new(condition, record, to_keep);
                return Taken::new(list, memory);
            }
            self.tell_lost(&held, warnings);
            record.held = None;
            record.accepted = Some(version.clone());
        }
        // What was accepted may have been accepted before, with another comment.
        let version = record.accepted.clone().unwrap_or(version);
        let condition = Condition::current(version, modified);
        let taken = self.taken(content, condition, record, bytes);
        let memory = Memory {
            is_new: true,
            ..taken.memory
        };
        Taken { memory, ..taken }
    }

    fn taken(
        &self,
        content: Content,
        condition: Condition,
        record: Record,
        bytes: &Bytes,
    ) -> Taken {
        let is_kept = record.accepted == self.kept.accepted
            && record.held == self.kept.held
            && record.accepted.as_ref().is_some_and(|version| {
                let path = self.store.body_path(&self.list.name, version);
                let length = std::fs::metadata(path).map(|metadata| metadata.len());
                length.is_ok_and(|length| length == bytes.bytes.len() as u64)
            });
        let condition = condition.or_stale(self.list, self.now);
        let to_keep = (!is_kept).then(|| bytes.path.clone());
        Taken::new(
            content.loaded(self.list),
            Memory::new(condition, record, to_keep),
        )
    }

    /// The version that was in force last, for what there is now cannot be used.
    pub(super) fn last_good(
        &self,
        known: Record,
        error: ListError,
        warnings: &mut Vec<Diagnostic>,
    ) -> Taken {
        let why = error.why();
        let taken = match self.before_it(&known, warnings) {
            Some((list, version)) => {
                let condition = Condition::last_good(version, why.clone());
                Taken::new(list, Memory::new(condition, known, None))
            }
            None => self.nothing(known, why.clone()),
        };
        let becomes = match taken.memory.condition.standing {
            Standing::Missing => "there is no good version of it: it blocks nothing".to_owned(),
            _ => self.stays(&taken.memory.condition),
        };
        let message = format!("list \"{}\": {why}; {becomes}", self.list.name);
        match (&error, error.diagnostics()) {
            // Each line that is wrong has a place of its own.
            (ListError::Parse { .. }, lines) => {
                warnings.extend_from_slice(lines);
                let hint = "correct these lines";
                warnings.push(self.list.named_at.warning(message).hint(hint));
            }
            (_, diagnostics) => {
                let told = diagnostics.iter().map(|one| one.to_warning(&message));
                warnings.extend(told);
            }
        }
        Taken {
            error: Some(error),
            ..taken
        }
    }

    fn nothing(&self, record: Record, why: String) -> Taken {
        let condition = Condition {
            standing: Standing::Missing,
            why: Some(why),
            version: None,
            fresh_at: None,
        };
        let memory = Memory::new(condition, record, None);
        Taken::new(LoadedList::nothing(self.list), memory)
    }

    /// A version is held, and there is no other.
    fn tell_lost(&self, held: &Held, warnings: &mut Vec<Diagnostic>) {
        // More than nothing, so it is better than nothing.
        let message = format!(
            "list \"{}\": {}; it is taken all the same, because the last good version is lost",
            self.list.name, held.reason
        );
        warnings.push(self.list.named_at.warning(message).hint("look at it"));
    }

    fn tell_held(&self, condition: &Condition, warnings: &mut Vec<Diagnostic>) {
        let name = &self.list.name;
        let why = condition.why.as_deref().unwrap_or_default();
        let message = format!(
            "list \"{name}\": a new version is held: {why}; {}",
            self.stays(condition)
        );
        let hint = format!("look at it, and take it with `exitguard lists accept {name}`");
        warnings.push(self.list.named_at.warning(message).hint(hint));
    }

    fn stays(&self, condition: &Condition) -> String {
        let age = condition.age(self.now).unwrap_or_default();
        format!(
            "the last good version, accepted {} ago, is in force",
            ago(age)
        )
    }
}
