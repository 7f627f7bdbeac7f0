//! `exitguard lists check`.

#[cfg(test)]
mod tests;

use super::args::CheckArgs;
use crate::cli::error::{self, Usage};
use crate::cli::{network, print};
use anyhow::Context;
use exitguard::config::{self, ListAction};
use exitguard::exit_code::Exit;
use exitguard::lists::{self, Coverage, Limits, LoadedList, Parsed, Refusal, Scope};
use exitguard::policy::{self, Network};
use serde::Serialize;
use std::fmt::{Display, Write};

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
    fn new(file: String, parsed: Result<Parsed, Refusal>, network: &Network) -> Self {
        let judged = parsed.map(|parsed| (parsed.judge().err(), Content::new(parsed, network)));
        let (refusal, content) = match judged {
            Ok((refusal, Ok((content, broad)))) => (refusal.or(broad), Some(content)),
            Ok((_, Err(refusal))) | Err(refusal) => (Some(refusal), None),
        };
        Self {
            file,
            taken: refusal.is_none(),
            refused: refusal.map(Refused::from),
            content,
        }
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = Lines::default();
        text.line("file", exitguard::diagnostic::printable(&self.file))?;
        match &self.refused {
            Some(Refused { why, remedy }) => {
                text.line("result", format_args!("not taken: {why}"))?;
                text.line("", remedy)?;
            }
            None => text.line("result", "taken")?,
        }
        if let Some(content) = &self.content {
            content.text(&mut text)?;
        }
        Ok(text.0)
    }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, label: &str, value: impl Display) -> std::fmt::Result {
        writeln!(self.0, "{label:<12}{value}")
    }

    /// A line, if there is anything to tell.
    fn count(&mut self, label: &str, count: usize, what: &str) -> std::fmt::Result {
        match count {
            0 => Ok(()),
            _ => self.line(label, format_args!("{count} {what}")),
        }
    }
}

impl Content {
    /// And whether it is too much to be taken, without a configuration that says otherwise.
    fn new(mut parsed: Parsed, network: &Network) -> Result<(Self, Option<Refusal>), Refusal> {
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
        let (safe, broad) = lists::within(parsed.into_blocked()?, &Limits::default())?;
        let blocked = safe.blocked()?;
        let list = LoadedList {
            name: String::new(),
            action: ListAction::Deny,
            entries: safe.entries,
            left_out: safe.left_out,
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

    fn text(&self, text: &mut Lines) -> std::fmt::Result {
        text.line("format", self.format)?;
        text.line(
            "lines",
            format_args!(
                "{}, {} of them comments or blank",
                self.lines,
                self.lines.saturating_sub(self.entries)
            ),
        )?;
        text.line(
            "entries",
            format_args!(
                "{}: {} valid, {} invalid, {} of other kinds",
                self.entries, self.valid, self.invalid, self.skipped
            ),
        )?;
        text.count("", self.duplicates, "there twice")?;
        text.count("", self.masked, "with bits beyond their length")?;
        text.line(
            "prefixes",
            format_args!("{} IPv4, {} IPv6", self.prefixes_v4, self.prefixes_v6),
        )?;
        text.count("exceptions", self.exceptions, "by prefix")?;
        let domains = self.domains_exact + self.domains_with_subdomains;
        if domains > 0 {
            text.line(
                "names",
                format_args!(
                    "{domains}, {} of them with all below them",
                    self.domains_with_subdomains
                ),
            )?;
        }
        text.count("exceptions", self.domain_exceptions, "by name")?;
        self.blocks.text(text)?;
        for short in &self.too_short {
            text.line(
                "left out",
                format_args!("{short}: shorter than /8, or /16 of IPv6"),
            )?;
        }
        for bogon in &self.bogons {
            let label = if bogon.left_out { "left out" } else { "bogons" };
            text.line(
                label,
                format_args!("{} in {} ({})", bogon.entries, bogon.range, bogon.purpose),
            )?;
        }
        for collision in &self.collisions {
            text.line("left out", collision)?;
        }
        for warning in self.warnings.iter().chain(&self.samples) {
            text.line("", warning)?;
        }
        Ok(())
    }
}

impl Blocks {
    fn text(&self, text: &mut Lines) -> std::fmt::Result {
        if self.v4_ranges > 0 {
            text.line(
                "blocks",
                format_args!(
                    "{} IPv4 addresses ({:.4} % of all) in {} ranges",
                    self.v4_addresses, self.v4_percent, self.v4_ranges
                ),
            )?;
        }
        if self.v6_ranges > 0 {
            text.line(
                "blocks",
                format_args!(
                    "{} IPv6 /64 networks in {} ranges",
                    self.v6_networks, self.v6_ranges
                ),
            )?;
        }
        if self.widest.is_empty() {
            return text.line("blocks", "no address");
        }
        text.line("widest", self.widest.join(", "))
    }
}
