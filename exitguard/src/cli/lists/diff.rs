//! `exitguard lists diff`.

mod text;

use super::args::DiffArgs;
use super::named;
use crate::cli::{network, print};
use exitguard::config::{self, Config, List, ListAction};
use exitguard::daemon::DaemonError;
use exitguard::exit_code::Exit;
use exitguard::lists::{Changes, Content, Coverage, Diff, Entries, LoadedList, Mentioned, bogons};
use exitguard::policy::{self, Network};
use serde::Serialize;
use std::path::Path;

/// What another version of a list would change, for people and for programs.
#[derive(Serialize)]
struct Answer {
    list: String,
    /// What is compared with the version in force: what is held, or a file. None if nothing is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<String>,
    same: bool,
    prefixes: Count,
    names: Count,
    v4_addresses: Sizes<u64>,
    /// Networks of /64.
    v6_networks: Sizes<String>,
    /// What is left out of the prefixes that are added.
    left_out: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
    names_added: Vec<String>,
    names_removed: Vec<String>,
}

#[derive(Default, Serialize)]
struct Count {
    added: usize,
    removed: usize,
    before: usize,
    after: usize,
}

#[derive(Serialize)]
struct Sizes<T> {
    before: T,
    after: T,
}

pub(super) fn diff(args: &DiffArgs) -> anyhow::Result<Exit> {
    let checked = config::load(&args.config.config).map_err(DaemonError::from)?;
    let config = &checked.config;
    let list = named(config, &args.name)?;
    let network = network::of(config).unwrap_or_default();
    let answer = match other(list, config, args.file.as_deref())? {
        None => Answer::nothing_held(list),
        Some((with, new)) => {
            let old = Content::in_force(list, &config.list_cache).map_err(DaemonError::from)?;
            Answer::new(list, with, &old, &new, &network)
        }
    }
    .limited(args.limit);
    if args.json {
        print::json(&answer)?;
    } else {
        print::text(&answer.text())?;
    }
    Ok(if answer.same {
        Exit::Ok
    } else {
        Exit::Negative
    })
}

/// What is to be compared with the version in force, and what it is called.
fn other(
    list: &List,
    config: &Config,
    file: Option<&Path>,
) -> anyhow::Result<Option<(String, Content)>> {
    if let Some(file) = file {
        let content = Content::of_file(list, file).map_err(DaemonError::from)?;
        return Ok(Some((file.display().to_string(), content)));
    }
    let held = Content::held(list, &config.list_cache).map_err(DaemonError::from)?;
    Ok(held.map(|held| ("what is held".to_owned(), held)))
}

impl Answer {
    fn nothing_held(list: &List) -> Self {
        let none = Content::default();
        let answer = Self::new(list, String::new(), &none, &none, &Network::default());
        Self {
            with: None,
            ..answer
        }
    }

    fn new(list: &List, with: String, old: &Content, new: &Content, network: &Network) -> Self {
        let diff = Diff::of(old, new);
        let strings = |names: Vec<_>| {
            let shown = names.into_iter();
            shown
                .map(|(name, scope)| Mentioned::Name(name, scope).to_string())
                .collect()
        };
        Self {
            list: list.name.clone(),
            with: Some(with),
            same: diff.is_empty(),
            prefixes: Count::new(&diff.prefixes, old.entries.len(), new.entries.len()),
            names: Count::new(&diff.names, old.domains.len(), new.domains.len()),
            v4_addresses: Sizes::of(old, new, |coverage| coverage.v4_addresses),
            v6_networks: Sizes::of(old, new, |coverage| coverage.v6_networks.to_string()),
            left_out: left_out(list, &diff, old, new, network),
            added: diff
                .prefixes
                .added
                .iter()
                .map(ToString::to_string)
                .collect(),
            removed: diff
                .prefixes
                .removed
                .iter()
                .map(ToString::to_string)
                .collect(),
            names_added: strings(diff.names.added),
            names_removed: strings(diff.names.removed),
        }
    }

    /// With at most so many of each kind; 0 is all.
    fn limited(mut self, limit: usize) -> Self {
        if limit > 0 {
            let all = [
                &mut self.added,
                &mut self.removed,
                &mut self.names_added,
                &mut self.names_removed,
            ];
            all.into_iter().for_each(|lines| lines.truncate(limit));
        }
        self
    }
}

impl Count {
    const fn new<T>(changes: &Changes<T>, before: usize, after: usize) -> Self {
        Self {
            added: changes.added.len(),
            removed: changes.removed.len(),
            before,
            after,
        }
    }
}

impl<T> Sizes<T> {
    fn of(old: &Content, new: &Content, size: impl Fn(&Coverage) -> T) -> Self {
        Self {
            before: size(&old.coverage),
            after: size(&new.coverage),
        }
    }
}

/// What of the new version is not blocked all the same: a list that begins to hold such things is no more what
/// it was.
fn left_out(
    list: &List,
    diff: &Diff,
    old: &Content,
    new: &Content,
    network: &Network,
) -> Vec<String> {
    let entries: Entries = diff.prefixes.added.iter().copied().collect();
    let is_new = |net: &&_| !old.too_short.contains(net);
    let short = new.too_short.iter().filter(is_new);
    let short = short.map(|net| format!("{net}: shorter than /8, or /16 of IPv6"));
    let special = bogons(&entries).into_iter();
    let special = special
        .filter(|bogon| bogon.is_left_out && !list.limits.bogons)
        .map(|bogon| format!("{} in {} ({})", bogon.entries, bogon.range, bogon.purpose));
    let added = LoadedList {
        name: list.name.clone(),
        action: ListAction::Deny,
        entries,
        left_out: Entries::default(),
        names: 0,
    };
    let never = policy::collisions(std::slice::from_ref(&added), network);
    let never: Vec<String> = never.iter().map(policy::Collision::what).collect();
    short.chain(special).chain(never).collect()
}
