//! `exitguard lists status`.

use super::args::StatusArgs;
use super::url;
use crate::cli::print;
use anyhow::Context;
use exitguard::config::{self, List};
use exitguard::control::{Client, ListStatus};
use exitguard::daemon::DaemonError;
use exitguard::diagnostic::printable;
use exitguard::exit_code::Exit;
use exitguard::lists::store::{State, Store};
use exitguard::lists::{self, Standing, ago, now};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// How it is with a list, for people and for programs.
#[derive(Serialize)]
struct Status {
    name: String,
    source: String,
    /// Whether it is downloaded from there.
    #[serde(skip)]
    is_downloaded: bool,
    state: State,
    /// Why it is held, or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Entries of the version in force.
    accepted: usize,
    /// How many of them are names, which are not enforced yet.
    names: usize,
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
    /// Prefixes that the running daemon has put into the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_kernel: Option<usize>,
    /// Flows that they denied, or would have.
    #[serde(skip_serializing_if = "Option::is_none")]
    hits: Option<u64>,
}

pub(super) fn status(args: &StatusArgs) -> anyhow::Result<Exit> {
    let checked = config::load(&args.config.config).map_err(DaemonError::from)?;
    let config = &checked.config;
    // Without a daemon nothing is counted, and nothing is in the kernel that it knows of.
    let running = Client::connect(&config.socket).and_then(|mut daemon| daemon.status());
    let running = running.map_or_else(|_| Vec::new(), |status| status.lists);
    let all: Vec<Status> = super::chosen(config, &args.names)?
        .into_iter()
        .map(|list| {
            let in_kernel = running.iter().find(|running| running.name == list.name);
            Status::new(list, &config.list_cache, now()).in_kernel(in_kernel)
        })
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
        // What the daemon would put in force.
        let taken = lists::take(list, cache, None, now, &mut Vec::new());
        let condition = &taken.memory.condition;
        let accepted_at = taken.memory.accepted_at();
        let entries = taken.list.entries.len() + taken.list.names;
        let status = Self {
            name: list.name.clone(),
            source: list.source.to_string(),
            is_downloaded: url(list).is_some(),
            state: match condition.standing {
                Standing::Current => State::Ok,
                Standing::Stale => State::Stale,
                Standing::Held => State::Held,
                Standing::LastGood | Standing::Missing => State::Failed,
            },
            reason: condition.why.clone(),
            accepted: entries,
            names: taken.list.names,
            wanted: taken.memory.held_entries().unwrap_or(entries),
            accepted_at,
            age: accepted_at.map(|at| now.duration_since(at).as_secs()),
            checked_at: None,
            not_before: None,
            fails: 0,
            in_kernel: None,
            hits: None,
        };
        match url(list) {
            Some(url) => status.downloaded(list, url, cache, taken.error.is_some()),
            None => status,
        }
    }

    /// The same, with what the daemon says of the list, if there is one.
    fn in_kernel(self, running: Option<&ListStatus>) -> Self {
        Self {
            in_kernel: running.map(|list| list.entries),
            hits: running.map(|list| list.hits),
            ..self
        }
    }

    /// The same, with what the updates of a download found.
    fn downloaded(self, list: &List, url: &str, cache: &Path, is_damaged: bool) -> Self {
        let Ok(record) = Store::new(cache).record(&list.name) else {
            return self;
        };
        let held = record.held.as_ref();
        let held_entries = held.map(|held| held.version.counts.entries());
        let status = Self {
            wanted: held_entries.unwrap_or(self.accepted),
            checked_at: record.checked_at,
            not_before: record.not_before,
            fails: record.fails,
            ..self
        };
        if is_damaged {
            return status;
        }
        let state = record.state(url);
        let reason = match (state, &record.error, held) {
            (State::Never, _, _) => None,
            (State::Failed, Some(error), _) if status.state == State::Stale => {
                let stale = status.reason.unwrap_or_default();
                return Self {
                    reason: Some(format!("{stale}; the last try failed: {error}")),
                    ..status
                };
            }
            (State::Failed, Some(error), _) => Some(error.clone()),
            (_, _, Some(held)) => Some(format!(
                "{}; seen {} times since {}",
                held.reason, held.times, held.first_seen
            )),
            _ if status.state == State::Stale => return status,
            _ => None,
        };
        Self {
            state,
            reason,
            ..status
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
        if status.names > 0 {
            let names = status.names;
            write!(text, ", {names} of them names, which are not enforced yet")?;
        }
        if status.wanted != status.accepted {
            write!(text, ", {} held", status.wanted)?;
        }
        if let (Some(in_kernel), Some(hits)) = (status.in_kernel, status.hits) {
            if in_kernel != status.accepted - status.names {
                write!(text, ", {in_kernel} prefixes in the kernel until a reload")?;
            }
            write!(text, ", hit by {hits} flows")?;
        }
        if let Some(age) = status.age {
            write!(text, ", accepted {} ago", ago(age))?;
        }
        if let Some(until) = status.not_before {
            write!(text, ", asked again after {until}")?;
        }
        if status.is_downloaded {
            write!(text, ", from {}", printable(&status.source))?;
        }
        if status.state == State::Held {
            let name = printable(&status.name);
            write!(text, "; take it with `exitguard lists accept {name}`")?;
        }
        text.push('\n');
    }
    if all.is_empty() {
        text += "the configuration has no list\n";
    }
    Ok(text)
}
