//! `exitguard lists status`.

use super::args::StatusArgs;
use super::{now, url};
use crate::cli::print;
use anyhow::Context;
use exitguard::config::{self, List};
use exitguard::daemon::DaemonError;
use exitguard::diagnostic::printable;
use exitguard::exit_code::Exit;
use exitguard::lists;
use exitguard::lists::store::{State, Store, Version};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// How it is with a list, for people and for programs.
#[derive(Serialize)]
struct Status {
    name: String,
    source: String,
    state: State,
    /// Why it is held, or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Entries in force.
    accepted: usize,
    /// Entries of the newest version that came: of the one that is held, if one is.
    wanted: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_at: Option<Timestamp>,
    /// Seconds since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checked_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    fails: u32,
}

pub(super) fn status(args: &StatusArgs) -> anyhow::Result<Exit> {
    let checked = config::load(&args.config.config).map_err(DaemonError::from)?;
    let config = &checked.config;
    let all: Vec<Status> = super::chosen(config, &args.names)?
        .into_iter()
        .map(|list| Status::new(list, &config.list_cache, now()))
        .collect();
    if args.json {
        print::json(&all)?;
    } else {
        print::text(&text(&all).context("cannot write text")?)?;
    }
    let is_fine = all
        .iter()
        .all(|status| matches!(status.state, State::Ok | State::Unchanged));
    Ok(if is_fine { Exit::Ok } else { Exit::Negative })
}

impl Status {
    fn new(list: &List, cache: &Path, now: Timestamp) -> Self {
        let status = Self {
            name: list.name.clone(),
            source: list.source.to_string(),
            state: State::Ok,
            reason: None,
            accepted: 0,
            wanted: 0,
            accepted_at: None,
            age: None,
            checked_at: None,
            not_before: None,
            fails: 0,
        };
        match url(list) {
            Some(url) => status.downloaded(list, url, cache, now),
            None => status.file(list, cache),
        }
    }

    fn failed(self, why: String) -> Self {
        Self {
            state: State::Failed,
            reason: Some(why),
            ..self
        }
    }

    fn file(self, list: &List, cache: &Path) -> Self {
        match lists::load(list, cache, &mut Vec::new()) {
            Ok(loaded) => Self {
                accepted: loaded.entries.len(),
                wanted: loaded.entries.len(),
                ..self
            },
            Err(error) => self.failed(error.to_string()),
        }
    }

    fn downloaded(self, list: &List, url: &str, cache: &Path, now: Timestamp) -> Self {
        let store = Store::new(cache);
        let record = match store.record(&list.name) {
            Ok(record) => record,
            Err(error) => {
                let path = store.record_path(&list.name);
                return self.failed(format!("cannot read {}: {error}", path.display()));
            }
        };
        let state = record.state(url);
        let entries = |version: &Version| version.counts.entries();
        let accepted = record.accepted.as_ref().map_or(0, entries);
        let accepted_at = record.accepted.as_ref().map(|version| version.accepted_at);
        let held = record.held.as_ref();
        let reason = match (&record.error, held) {
            (Some(error), _) => Some(error.clone()),
            (None, Some(held)) => Some(format!(
                "{}; seen {} times since {}",
                held.reason, held.times, held.first_seen
            )),
            (None, None) => None,
        };
        let status = Self {
            state,
            reason: reason.filter(|_| state != State::Never),
            accepted,
            wanted: held.map_or(accepted, |held| entries(&held.version)),
            accepted_at,
            age: accepted_at.map(|at| now.duration_since(at).as_secs()),
            checked_at: record.checked_at,
            not_before: record.not_before,
            fails: record.fails,
            ..self
        };
        // What is in force when the daemon starts is what can be read then.
        match record
            .accepted
            .as_ref()
            .map(|version| store.body(&list.name, version))
        {
            Some(Err(error)) => status.failed(format!("what was accepted is damaged: {error}")),
            _ => status,
        }
    }
}

fn text(all: &[Status]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for status in all {
        let state = match status.state {
            State::Ok => "ok",
            State::Unchanged => "unchanged",
            State::Held => "held",
            State::Failed => "failed",
            State::Stale => "stale",
            State::Never => "never downloaded",
        };
        let reason = status.reason.as_ref().map(|reason| format!(" ({reason})"));
        let line = format!(
            "{}: {state}{}; {} entries in force",
            status.name,
            reason.unwrap_or_default(),
            status.accepted
        );
        text += &printable(&line);
        if status.wanted != status.accepted {
            write!(text, ", {} held", status.wanted)?;
        }
        if let Some(age) = status.age {
            write!(text, ", accepted {} ago", ago(age))?;
        }
        if let Some(until) = status.not_before {
            write!(text, ", asked again after {until}")?;
        }
        text.push('\n');
    }
    if all.is_empty() {
        text += "the configuration has no list\n";
    }
    Ok(text)
}

/// A span of time in its largest unit.
fn ago(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
