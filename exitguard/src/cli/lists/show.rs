//! `exitguard lists show`.

use super::args::ShowArgs;
use super::named;
use crate::cli::error::{self, Usage};
use crate::cli::explain::{self, Policy};
use crate::cli::{network, print};
use exitguard::config::List;
use exitguard::daemon::{Desired, Overrides, PolicyFiles};
use exitguard::diagnostic::printable;
use exitguard::exit_code::Exit;
use exitguard::lists::{self, Found, Mention, Target};
use exitguard::policy::never_blocked;
use serde::Serialize;
use std::fmt::Write;

/// What a list says about an address or name, for people and for programs.
#[derive(Serialize)]
struct Answer {
    list: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    target: String,
    /// Whether an entry holds it.
    holds: bool,
    /// Whether the list blocks it: names are not enforced yet.
    blocks: bool,
    /// The entries that hold it, the most specific first.
    entries: Vec<Entry>,
    /// The exceptions that hold it.
    exceptions: Vec<Entry>,
    /// Why it is not blocked, though entries hold it.
    left_out: Vec<String>,
    /// What happens to a client that goes there; of names, nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Policy>,
}

#[derive(Serialize)]
struct Entry {
    entry: String,
    line: usize,
}

pub(super) fn show(args: &ShowArgs) -> anyhow::Result<Exit> {
    let target: Target = args.target.parse().map_err(|why| {
        Usage(format!(
            "cannot look for \"{}\": {why}",
            args.target.escape_debug()
        ))
    })?;
    let files = PolicyFiles {
        config: args.config.config.clone(),
        overrides: Overrides::default(),
    };
    let desired = files.read()?;
    error::show(&desired.warnings);
    let list = named(&desired.config, &args.name)?;
    let answer = Answer::new(list, &target, &desired)?;
    if args.json {
        print::json(&answer)?;
    } else {
        print::text(&answer.text())?;
    }
    Ok(if answer.holds {
        Exit::Ok
    } else {
        Exit::Negative
    })
}

impl Answer {
    fn new(list: &List, target: &Target, desired: &Desired) -> anyhow::Result<Self> {
        // What a person should look at was said when the policy was read.
        let found = lists::search(list, &desired.config.list_cache, target, &mut Vec::new())
            .map_err(exitguard::daemon::DaemonError::from)?;
        let (policy, never) = match target {
            Target::Address(addr) => {
                let network =
                    network::of(&desired.config).map_err(exitguard::daemon::DaemonError::from)?;
                let never: Vec<String> = never_blocked(&network)
                    .filter(|never| never.net.contains(addr))
                    .map(|never| format!("{never} is never blocked: {}", never.what))
                    .collect();
                let policy = explain::of_anybody(desired, &network, *addr)?;
                (Some(policy), never)
            }
            Target::Name(_) => (None, Vec::new()),
        };
        let holds = found.is_held();
        Ok(Self {
            list: list.name.clone(),
            source: list.source.to_string(),
            file: found.path.as_ref().map(|path| path.display().to_string()),
            target: target.to_string(),
            holds,
            blocks: found.is_blocked() && never.is_empty(),
            entries: found.entries().map(Entry::from).collect(),
            exceptions: found.exceptions().map(Entry::from).collect(),
            left_out: if holds {
                left_out(&found).chain(never).collect()
            } else {
                Vec::new()
            },
            policy,
        })
    }

    fn text(&self) -> String {
        let Self {
            target,
            list,
            source,
            ..
        } = self;
        let is_on = if self.holds { "is" } else { "is not" };
        let first = format!("{target} {is_on} on the list \"{list}\"");
        let mut text = printable(&first) + "\n";
        let mut line = |label: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {label:<11}{}", printable(value));
        };
        line("source", source);
        if let Some(file) = self.file.as_ref().filter(|file| *file != source) {
            line("file", file);
        }
        for Entry { entry, line: at } in &self.entries {
            line("entry", &format!("{entry} (line {at})"));
        }
        for Entry { entry, line: at } in &self.exceptions {
            line("exception", &format!("{entry} (line {at})"));
        }
        for why in &self.left_out {
            line("left out", why);
        }
        match &self.policy {
            Some(policy) => line("policy", &policy.to_string()),
            None => line("policy", "names are not enforced yet"),
        }
        text
    }
}

/// Why the list itself does not block an address that it holds.
fn left_out(found: &Found) -> impl Iterator<Item = String> {
    let excepted = found
        .exceptions()
        .map(|mention| format!("{} is an exception of the list", mention.entry));
    let short = found
        .entries()
        .filter(|mention| found.is_too_short(&mention.entry))
        .map(|mention| format!("{} is shorter than /8, or /16 of IPv6", mention.entry));
    let special = found
        .special
        .map(|(range, purpose)| format!("{range} is special-purpose: {purpose}"));
    excepted.chain(short).chain(special)
}

impl From<&Mention> for Entry {
    fn from(mention: &Mention) -> Self {
        Self {
            entry: mention.entry.to_string(),
            line: mention.line,
        }
    }
}
