//! What is in the bytes of a list, judged as the configuration of the list wants it.

use super::carve::carve;
use super::safety::make_safe;
use super::store::{Counts, Covered, Version, hex};
use super::{Coverage, Domains, Entries, ListError, LoadedList, MAX_ENTRIES, Refusal, parse_bytes};
use crate::config::List;
use crate::diagnostic::Diagnostic;
use ipnet::IpNet;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::path::Path;

/// What a list holds that is good enough to be put in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    entries: Entries,
    left_out: Entries,
    domains: Domains,
    /// How it is written; unknown if there is nothing.
    format: Option<&'static str>,
}

/// Why the bytes are not taken.
#[derive(Debug)]
pub(super) enum Wrong {
    /// As a whole.
    Refused(Refusal),
    /// For their lines, of which these are the first.
    Lines(Refusal, Vec<Diagnostic>),
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Wrong {
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) | Self::Lines(refusal, _) => refusal,
        }
    }

    /// As an error about this file.
    pub(super) fn of(self, list: &List, path: &Path) -> ListError {
        match self {
            Self::Lines(Refusal::Invalid { invalid, .. }, diagnostics) => ListError::Parse {
                name: list.name.clone(),
                count: invalid,
                diagnostics,
            },
            Self::Lines(refusal, _) | Self::Refused(refusal) => {
                ListError::refused(list, path, refusal)
            }
        }
    }
}

impl Content {
    /// Reads and judges. `path` is for messages; a list without a byte is no mistake if it `may_be_empty`.
    pub(super) fn read(
        list: &List,
        path: &Path,
        bytes: &[u8],
        may_be_empty: bool,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Self, Wrong> {
        let mut parsed = match parse_bytes(path, bytes, list.format.as_ref()) {
            Err(Refusal::Empty) if may_be_empty => {
                return Self::default().with_canaries(&list.must_contain);
            }
            parsed => parsed?,
        };
        match parsed.judge() {
            Ok(()) => {}
            Err(refusal) => return Err(Wrong::Lines(refusal, parsed.samples)),
        }
        let mut said = parsed.take_warnings();
        let format = Some(parsed.format.name());
        let domains = std::mem::take(&mut parsed.domains);
        let safe = make_safe(parsed.into_blocked()?, &list.limits)?;
        let limited = safe.warnings(&list.name);
        said.extend(limited.map(|(message, hint)| list.named_at.warning(message).hint(hint)));
        let content = Self {
            entries: safe.entries,
            left_out: safe.left_out,
            domains,
            format,
        };
        let content = content.with_canaries(&list.must_contain)?;
        warnings.append(&mut said);
        Ok(content)
    }

    fn with_canaries(self, wanted: &[IpNet]) -> Result<Self, Wrong> {
        let mut lacking = wanted.iter().filter(|net| !self.entries.covers(**net));
        match lacking.next() {
            None => Ok(self),
            Some(first) => {
                let lacking = 1 + lacking.count();
                let first = *first;
                Err(Refusal::Lacks { first, lacking }.into())
            }
        }
    }

    /// The version that this is.
    pub(super) fn version(&self, url: &str, sha256: String, now: Timestamp) -> Version {
        Version {
            url: url.to_owned(),
            etag: None,
            last_modified: None,
            sha256,
            counts: self.counts(),
            accepted_at: now,
            format: self.format.map(str::to_owned),
            covered: self.covered(),
        }
    }

    /// What is blocked, in addresses; unknown if that takes more prefixes than there may be.
    fn covered(&self) -> Option<Covered> {
        let blocked = carve(&self.entries, &self.left_out, MAX_ENTRIES)?;
        let coverage = Coverage::of(&blocked);
        Some(Covered {
            v4: coverage.v4_addresses,
            v6: u64::try_from(coverage.v6_networks).unwrap_or(u64::MAX),
        })
    }

    fn counts(&self) -> Counts {
        let mut digest = Sha256::new();
        let mut names: Vec<_> = self
            .domains
            .iter()
            .map(|(name, scope)| format!("{name} {scope:?}\n"))
            .collect();
        names.sort_unstable();
        for name in &names {
            digest.update(name);
        }
        for net in self.entries.v4() {
            digest.update(net.addr().octets());
            digest.update([net.prefix_len()]);
        }
        for net in self.entries.v6() {
            digest.update(net.addr().octets());
            digest.update([net.prefix_len()]);
        }
        Counts {
            prefixes: self.entries.len(),
            domains: names.len(),
            set_sha256: hex(&digest.finalize()),
        }
    }

    /// As a list of the policy.
    pub(super) fn loaded(self, list: &List) -> LoadedList {
        LoadedList {
            name: list.name.clone(),
            action: list.action,
            entries: self.entries,
            left_out: self.left_out,
            names: self.domains.len(),
        }
    }
}
