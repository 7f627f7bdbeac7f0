//! What was found in a list, and whether that is good enough.

use super::carve::carve;
use super::search::Mention;
use super::{Domains, Entries, Format, MAX_ENTRIES, Named, Refusal};
use crate::diagnostic::Diagnostic;

/// Wrong entries that are shown of a list: it is probably of another format altogether.
pub(super) const SAMPLES: usize = 10;

/// People write lists of this many entries; in them every wrong line is a mistake to correct.
const WRITTEN_ENTRIES: usize = 1_000;

/// Of a list that is made elsewhere, this part may be wrong: one in so many entries.
const TOLERATED: usize = 20;

/// From this part on, a warning is worth it.
const NOTICED: usize = 1_000;

/// Everything that is in a list.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// How it is written.
    pub format: Format,
    /// Prefixes to block, as written; ranges as the prefixes they consist of.
    pub entries: Entries,
    /// Prefixes that stay reachable though an entry holds them.
    pub exceptions: Entries,
    /// Names to block.
    pub domains: Domains,
    /// Names that stay reachable though a name above them is to be blocked.
    pub domain_exceptions: Domains,
    /// How many there are of what.
    pub stats: Stats,
    /// Entries about what was looked for, if anything was.
    pub mentions: Vec<Mention>,
    /// The first entries that cannot be read.
    pub samples: Vec<Diagnostic>,
    /// What a person should look at.
    pub warnings: Vec<Diagnostic>,
}

/// How many there are of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Lines of the file.
    pub lines: usize,
    /// Comments, headers and the like.
    pub comments: usize,
    /// Entries that are in force, exceptions among them.
    pub valid: usize,
    /// Entries that make no sense.
    pub invalid: usize,
    /// Entries that make sense, but not as addresses or names to block.
    pub skipped: usize,
    /// Prefixes and names that are there already.
    pub duplicates: usize,
    /// Prefixes with bits beyond their length.
    pub masked: usize,
    /// Prefixes so short that a mistake is likely: below /8, IPv6 below /16.
    pub too_short: usize,
}

impl Stats {
    /// Everything but comments.
    pub const fn entries(&self) -> usize {
        self.valid + self.invalid + self.skipped
    }
}

impl Parsed {
    /// Whether the list can be trusted.
    ///
    /// A short plain list is what people write, and every wrong line of it an error. Other lists are made
    /// by programs, from what they find: up to 5 % of their entries may be wrong.
    ///
    /// # Errors
    /// When too much of it makes no sense, or nothing of it can be blocked.
    pub fn judge(&self) -> Result<(), Refusal> {
        let invalid = self.stats.invalid;
        let of = self.stats.entries();
        let is_written = self.format == Named::Plain.into() && of <= WRITTEN_ENTRIES;
        if invalid > 0 && (is_written || invalid > of / TOLERATED) {
            return Err(Refusal::Invalid { invalid, of });
        }
        if self.stats.valid == 0 && of > 0 {
            return Err(Refusal::Useless(of));
        }
        Ok(())
    }

    /// What a person should look at before the list is put in force.
    pub(super) fn take_warnings(&mut self) -> Vec<Diagnostic> {
        let Stats { invalid, .. } = self.stats;
        let of = self.stats.entries();
        let mut warnings = std::mem::take(&mut self.warnings);
        if let Some(first) = self.samples.first()
            && invalid * NOTICED >= of
        {
            let message = format!("{invalid} of {of} entries cannot be read, this is the first");
            warnings.push(first.to_warning(message));
        }
        warnings
    }

    /// The entries without the exceptions.
    ///
    /// # Errors
    /// When they are too many because of the exceptions.
    pub fn into_blocked(self) -> Result<Entries, Refusal> {
        if self.exceptions.is_empty() {
            return Ok(self.entries);
        }
        carve(&self.entries, &self.exceptions, MAX_ENTRIES).ok_or(Refusal::TooMany)
    }
}
