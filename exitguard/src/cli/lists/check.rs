//! `exitguard lists check`.

#[cfg(test)]
mod tests;
mod text;

use super::args::CheckArgs;
use crate::cli::error::{self, Usage};
use crate::cli::{network, print};
use anyhow::Context;
use exitguard::config::{self, ListAction};
use exitguard::exit_code::Exit;
use exitguard::lists::{self, Coverage, Limits, LoadedList, Parsed, Refusal, Scope};
use exitguard::policy::{self, Network};
use serde::Serialize;

/// Prefixes that are shown because they are wide, of each family.
const WIDEST: usize = 3;

/// What is in a file, for people and for programs.
#[derive(Serialize)]
struct Answer {
    file: String,
    taken: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
}

#[derive(Serialize)]
struct Refused {
    why: String,
    remedy: &'static str,
}

#[derive(Serialize)]
struct Content {
    format: &'static str,
    lines: usize,
    comments: usize,
    entries: usize,
    valid: usize,
    invalid: usize,
    skipped: usize,
    duplicates: usize,
    masked: usize,
    prefixes_v4: usize,
    prefixes_v6: usize,
    exceptions: usize,
    domains_exact: usize,
    domains_with_subdomains: usize,
    domain_exceptions: usize,
    blocks: Blocks,
    bogons: Vec<Special>,
    collisions: Vec<String>,
    too_short: Vec<String>,
    samples: Vec<String>,
    warnings: Vec<String>,
}

/// What it would block.
#[derive(Serialize)]
struct Blocks {
    v4_addresses: u64,
    v4_percent: f64,
    v4_ranges: usize,
    v6_networks: String,
    v6_ranges: usize,
    widest: Vec<String>,
}

#[derive(Serialize)]
struct Special {
    range: String,
    purpose: &'static str,
    entries: usize,
    left_out: bool,
}

/// What the configuration would permit the list.
#[derive(Default)]
struct Permits {
    limits: Limits,
    allow_empty: bool,
}

impl CheckArgs {
    fn permits(&self) -> Permits {
        Permits {
            limits: Limits {
                bogons: self.bogons,
                wide: self.wide,
                max_coverage: self.max_coverage,
            },
            allow_empty: self.allow_empty,
        }
    }
}

pub(super) fn check(args: &CheckArgs) -> anyhow::Result<Exit> {
    let format = args.format.as_deref().map(config::parse_format).transpose();
    let format = format.map_err(|diagnostics| {
        error::show(&diagnostics);
        Usage(format!(
            "--format {} makes no sense",
            args.format.as_deref().unwrap_or_default()
        ))
    })?;
    let bytes = lists::read(&args.file)
        .map_err(|error| Usage(format!("cannot read {}: {error}", args.file.display())))?;
    let answer = Answer::new(
        args.file.display().to_string(),
        lists::parse_bytes(&args.file, &bytes, format.as_ref()),
        &args.permits(),
        // Without a network to look at, the file can be checked all the same.
        &network::here().unwrap_or_default(),
    );
    if args.json {
        print::json(&answer)?;
    } else {
        print::text(&answer.text().context("cannot write text")?)?;
    }
    Ok(if answer.taken {
        Exit::Ok
    } else {
        Exit::Negative
    })
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            why: refusal.to_string(),
            remedy: refusal.remedy(),
        }
    }
}

impl Answer {
    fn new(
        file: String,
        parsed: Result<Parsed, Refusal>,
        permits: &Permits,
        network: &Network,
    ) -> Self {
        let limits = &permits.limits;
        let judged =
            parsed.map(|parsed| (parsed.judge().err(), Content::new(parsed, limits, network)));
        let (refusal, content) = match judged {
            Ok((refusal, Ok((content, broad)))) => (refusal.or(broad), Some(content)),
            Err(Refusal::Empty) if permits.allow_empty => (None, None),
            Ok((_, Err(refusal))) | Err(refusal) => (Some(refusal), None),
        };
        Self {
            file,
            taken: refusal.is_none(),
            refused: refusal.map(Refused::from),
            content,
        }
    }
}

impl Content {
    /// And whether it is too much to be taken.
    fn new(
        mut parsed: Parsed,
        limits: &Limits,
        network: &Network,
    ) -> Result<(Self, Option<Refusal>), Refusal> {
        let stats = parsed.stats;
        let format = parsed.format.name();
        let (prefixes_v4, prefixes_v6) = (parsed.entries.v4().count(), parsed.entries.v6().count());
        let exceptions = parsed.exceptions.len();
        let exact = parsed.domains.count(Scope::Exact);
        let domains = parsed.domains.len();
        let domain_exceptions = parsed.domain_exceptions.len();
        let (samples, warnings) = (
            std::mem::take(&mut parsed.samples),
            std::mem::take(&mut parsed.warnings),
        );
        let (safe, broad) = lists::within(parsed.into_blocked()?, limits)?;
        let blocked = safe.blocked()?;
        let list = LoadedList {
            name: String::new(),
            action: ListAction::Deny,
            entries: safe.entries,
            left_out: safe.left_out,
            names: domains,
        };
        let collisions = policy::collisions(std::slice::from_ref(&list), network);
        let coverage = Coverage::of(&blocked);
        let widest = lists::widest(&blocked, WIDEST);
        let show = |all: &[exitguard::diagnostic::Diagnostic]| {
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let content = Self {
            format,
            lines: stats.lines,
            comments: stats.comments,
            entries: stats.entries(),
            valid: stats.valid,
            invalid: stats.invalid,
            skipped: stats.skipped,
            duplicates: stats.duplicates,
            masked: stats.masked,
            prefixes_v4,
            prefixes_v6,
            exceptions,
            domains_exact: exact,
            domains_with_subdomains: domains - exact,
            domain_exceptions,
            blocks: Blocks {
                v4_addresses: coverage.v4_addresses,
                v4_percent: coverage.v4_percent(),
                v4_ranges: coverage.v4_ranges,
                v6_networks: coverage.v6_networks.to_string(),
                v6_ranges: coverage.v6_ranges,
                widest: widest.iter().map(ToString::to_string).collect(),
            },
            bogons: safe
                .bogons
                .into_iter()
                .map(|bogon| Special {
                    range: bogon.range.to_string(),
                    purpose: bogon.purpose,
                    entries: bogon.entries,
                    left_out: bogon.is_left_out,
                })
                .collect(),
            collisions: collisions.iter().map(policy::Collision::what).collect(),
            too_short: safe.too_short.iter().map(ToString::to_string).collect(),
            samples: show(&samples),
            warnings: show(&warnings),
        };
        Ok((content, broad))
    }
}
