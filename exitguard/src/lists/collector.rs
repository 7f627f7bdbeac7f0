//! Where the parsers put what they find.

use super::search::{Mention, Mentioned, Target};
use super::text::{count_lines, line_at};
use super::token::{self, Item, Wrong, v4_range, v6_range};
use super::{Domains, Entries, Format, Parsed, Refusal, SAMPLES, Scope, Stats};
use crate::diagnostic::{Diagnostic, SourceFile};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// Widest prefixes that no list should need.
pub(super) const SHORTEST_V4: u8 = 8;
pub(super) const SHORTEST_V6: u8 = 16;

/// Most of a wrong word that is repeated in a message.
const SHOWN_BYTES: usize = 80;

/// What was found so far. Words are parts of `bytes`, so that each of them tells where it stands.
pub(super) struct Collector<'b> {
    path: &'b Path,
    bytes: &'b [u8],
    v4: Vec<Ipv4Net>,
    v6: Vec<Ipv6Net>,
    exceptions: Vec<IpNet>,
    domains: Domains,
    domain_exceptions: Domains,
    stats: Stats,
    samples: Vec<Diagnostic>,
    masked: Option<&'b [u8]>,
    hint: Option<&'static str>,
    /// Most prefixes that are kept.
    room: usize,
    target: Option<&'b Target>,
    mentions: Vec<Mention>,
}

impl<'b> Collector<'b> {
    pub(super) fn new(path: &'b Path, bytes: &'b [u8], room: usize) -> Self {
        Self {
            path,
            bytes,
            v4: Vec::new(),
            v6: Vec::new(),
            exceptions: Vec::new(),
            domains: Domains::default(),
            domain_exceptions: Domains::default(),
            stats: Stats::default(),
            samples: Vec::new(),
            masked: None,
            hint: None,
            room,
            target: None,
            mentions: Vec::new(),
        }
    }

    /// Notes entries about this, too.
    pub(super) fn look_for(self, target: Option<&'b Target>) -> Self {
        Self { target, ..self }
    }

    /// What to say below each wrong word.
    pub(super) const fn set_hint(&mut self, hint: &'static str) {
        self.hint = Some(hint);
    }

    /// A comment, or anything else that says nothing about addresses.
    pub(super) const fn comment(&mut self) {
        self.stats.comments += 1;
    }

    /// An entry that is well written and cannot be blocked, or must not be.
    pub(super) const fn skip(&mut self) {
        self.stats.skipped += 1;
    }

    /// How many entries there were, valid or not.
    pub(super) const fn entries(&self) -> usize {
        self.stats.valid + self.stats.invalid
    }

    /// An address, prefix or range to block.
    pub(super) fn word(&mut self, word: &'b [u8]) {
        let item = token::item(word);
        self.item(word, item);
    }

    /// The same, read already.
    pub(super) fn item(&mut self, word: &'b [u8], item: Result<Item, Wrong>) {
        match item {
            Ok(item) => self.block(word, item),
            Err(wrong) => self.invalid(word, wrong),
        }
    }

    fn block(&mut self, word: &'b [u8], item: Item) {
        match item {
            Item::V4(addr, length) => {
                let Ok(net) = Ipv4Net::new(Ipv4Addr::from_bits(addr), length) else {
                    return self.invalid(word, Wrong::Length(32));
                };
                self.v4.push(net.trunc());
                self.note(word, net.network() != net.addr(), length < SHORTEST_V4);
            }
            Item::V6(addr, length) => {
                let Ok(net) = Ipv6Net::new(Ipv6Addr::from_bits(addr), length) else {
                    return self.invalid(word, Wrong::Length(128));
                };
                self.v6.push(net.trunc());
                self.note(word, net.network() != net.addr(), length < SHORTEST_V6);
            }
            Item::V4Range(0, u32::MAX) | Item::V6Range(0, u128::MAX) => {
                return self.invalid(word, Wrong::Everything);
            }
            Item::V4Range(start, end) if self.has_room() => {
                let before = self.v4.len();
                self.v4.extend(v4_range(start, end));
                let added = self.v4.get(before..).unwrap_or_default();
                let is_wide = added.iter().any(|net| net.prefix_len() < SHORTEST_V4);
                self.note(word, false, is_wide);
            }
            Item::V6Range(start, end) if self.has_room() => {
                let before = self.v6.len();
                self.v6.extend(v6_range(start, end));
                let added = self.v6.get(before..).unwrap_or_default();
                let is_wide = added.iter().any(|net| net.prefix_len() < SHORTEST_V6);
                self.note(word, false, is_wide);
            }
            // Refused at the end.
            Item::V4Range(..) | Item::V6Range(..) => {}
        }
        self.stats.valid += 1;
        self.mention(word, false, |target| target.in_item(item));
    }

    /// Once for each entry: a list may say the same a million times.
    fn mention(
        &mut self,
        word: &[u8],
        is_exception: bool,
        about: impl FnOnce(&Target) -> Option<Mentioned>,
    ) {
        let Some(entry) = self.target.and_then(about) else {
            return;
        };
        let is_same = |known: &Mention| known.entry == entry && known.is_exception == is_exception;
        if !self.mentions.iter().any(is_same) {
            let line = self.line_of(word);
            self.mentions.push(Mention {
                entry,
                is_exception,
                line,
            });
        }
    }

    /// A line becomes many prefixes if it is a range: memory must not follow.
    const fn has_room(&self) -> bool {
        self.v4.len() + self.v6.len() <= self.room
    }

    fn note(&mut self, word: &'b [u8], is_masked: bool, is_wide: bool) {
        self.stats.too_short += usize::from(is_wide);
        if is_masked {
            self.stats.masked += 1;
            self.masked.get_or_insert(word);
        }
    }

    /// Addresses that stay reachable, whatever else the list says.
    pub(super) fn except(&mut self, word: &'b [u8], item: Result<Item, Wrong>) {
        let item = match item {
            Ok(item) => item,
            Err(wrong) => return self.invalid(word, wrong),
        };
        if self.exceptions.len() <= self.room {
            self.exceptions.extend(item.prefixes());
        }
        self.stats.valid += 1;
        self.mention(word, true, |target| target.in_item(item));
    }

    /// A name to block.
    pub(super) fn name(&mut self, word: &'b [u8], scope: Scope) {
        match token::name(word) {
            Ok(name) => {
                self.domains.push(name, scope);
                self.stats.valid += 1;
                self.mention(word, false, |target| target.in_name(name, scope));
            }
            Err(wrong) => self.invalid(word, wrong),
        }
    }

    /// A name that stays reachable.
    pub(super) fn except_name(&mut self, word: &'b [u8], scope: Scope) {
        match token::name(word) {
            Ok(name) => {
                self.domain_exceptions.push(name, scope);
                self.stats.valid += 1;
                self.mention(word, true, |target| target.in_name(name, scope));
            }
            Err(wrong) => self.invalid(word, wrong),
        }
    }

    /// Something that should be an entry and is none.
    pub(super) fn invalid(&mut self, word: &[u8], why: impl Display) {
        self.stats.invalid += 1;
        if self.samples.len() < SAMPLES {
            let sample = self.diagnostic(word, |file, span, shown| {
                file.error(span, format!("\"{shown}\" {why}"))
            });
            let hint = self.hint;
            self.samples
                .push(hint.into_iter().fold(sample, Diagnostic::hint));
        }
    }

    /// Number of the line that a word stands on.
    pub(super) fn line_of(&self, word: &[u8]) -> usize {
        line_at(self.bytes, self.offset(word)).0
    }

    fn offset(&self, word: &[u8]) -> usize {
        let start = self.bytes.as_ptr().addr();
        let offset = word.as_ptr().addr().saturating_sub(start);
        offset.min(self.bytes.len())
    }

    /// Says something about a word. The diagnostic holds its line only, not all of a large file.
    fn diagnostic(
        &self,
        word: &[u8],
        say: impl FnOnce(&SourceFile, std::ops::Range<usize>, &str) -> Diagnostic,
    ) -> Diagnostic {
        let offset = self.offset(word);
        let (number, start, line) = line_at(self.bytes, offset);
        // Of what is not UTF-8, the replacement is longer: the place is counted in the replaced text, too.
        let column = offset.saturating_sub(start).min(line.len());
        let (before, rest) = line.split_at(column);
        let near = before.len().saturating_sub(NEAR_BYTES);
        let before = String::from_utf8_lossy(before.get(near..).unwrap_or_default());
        let rest = rest
            .get(..rest.len().min(2 * NEAR_BYTES))
            .unwrap_or_default();
        let shown = word.get(..word.len().min(SHOWN_BYTES)).unwrap_or_default();
        let shown = String::from_utf8_lossy(shown);
        let text = format!("{before}{}", String::from_utf8_lossy(rest));
        let file = SourceFile::excerpt(self.path, text, (number, near));
        let span = before.len()..before.len() + shown.len();
        say(&file, span, &shown.escape_debug().to_string())
    }

    pub(super) fn finish(mut self, format: Format) -> Result<Parsed, Refusal> {
        if !self.has_room() {
            return Err(Refusal::TooMany);
        }
        let mut stats = self.stats;
        stats.lines = count_lines(self.bytes);
        let written = self.v4.len() + self.v6.len();
        let masked = self.masked.map(|word| {
            self.diagnostic(word, |file, span, shown| {
                let message = match stats.masked {
                    1 => format!("{shown} has bits beyond its prefix, which are ignored"),
                    n => format!(
                        "{n} prefixes have bits beyond their length, which are ignored; the first one is {shown}"
                    ),
                };
                file.warning(span, message)
            })
        });
        let entries = Entries::new(self.v4, self.v6);
        stats.duplicates = written - entries.len() + self.domains.finish();
        self.domain_exceptions.finish();
        let names = self.domains.len();
        let unused = (names > 0).then(|| {
            let prefixes = entries.len();
            let message = format!(
                "its names ({names}) are not enforced yet, only its prefixes ({prefixes}) are"
            );
            SourceFile::excerpt(self.path, "", (1, 0)).warning(0..0, message)
        });
        Ok(Parsed {
            format,
            entries,
            exceptions: self.exceptions.into_iter().collect(),
            domains: self.domains,
            domain_exceptions: self.domain_exceptions,
            stats,
            mentions: self.mentions,
            samples: self.samples,
            warnings: [masked, unused].into_iter().flatten().collect(),
        })
    }
}

/// Bytes of a line that are kept on both sides of a place: more than is shown.
const NEAR_BYTES: usize = 600;
