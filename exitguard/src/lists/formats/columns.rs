//! Tables: one description of columns in the place of a parser for each publisher.

use super::super::format::Columns;
use super::super::text::{raw_lines, unquoted, words};
use super::super::token::{Item, Wrong, item, name, number, prefix, range, single, split_once};
use super::super::{Collector, Refusal, Scope};
use csv::{ByteRecord, ReaderBuilder};

/// DShield: start, end and length are tabbed; names hold commas, so nothing is quoted.
pub(super) fn dshield() -> Columns {
    Columns {
        separator: b'\t',
        quotes: false,
        header: true,
        end: Some(2),
        prefix: Some(3),
        ..Columns::default()
    }
}

/// abuse.ch puts the time before the address.
pub(super) fn second_column() -> Columns {
    Columns {
        header: true,
        address: 2,
        ..Columns::default()
    }
}

pub(super) fn threatfox() -> Columns {
    Columns {
        header: true,
        address: 3,
        port: true,
        only: Some((4, "ip:port".to_owned())),
        ..Columns::default()
    }
}

pub(super) fn tor_geoip() -> Columns {
    Columns {
        end: Some(2),
        integers: true,
        ..Columns::default()
    }
}

/// Reads a table. Lines that begin with `#` are comments.
pub(super) fn read<'b>(
    bytes: &'b [u8],
    columns: &Columns,
    found: &mut Collector<'b>,
) -> Result<(), Refusal> {
    rows(bytes, columns, found, |row, is_first, found| {
        let place = row.place;
        if let Some((column, wanted)) = &columns.only
            && row.get(*column) != Some(wanted.as_bytes())
        {
            match is_first {
                true => found.comment(),
                false => found.skip(),
            }
            return;
        }
        match address(&row, columns) {
            Err(_) if is_first && columns.header => found.comment(),
            item => found.item(place, item),
        }
    })
}

/// ThreatFox lists addresses and names side by side.
pub(super) fn threatfox_rows<'b>(
    bytes: &'b [u8],
    found: &mut Collector<'b>,
) -> Result<(), Refusal> {
    let columns = threatfox();
    rows(bytes, &columns, found, |row, is_first, found| {
        match row.get(4) {
            Some(b"ip:port") => found.item(row.place, address(&row, &columns)),
            Some(b"domain") => {
                // The name in the file, because the row is gone when this returns.
                let word = row.get(3).and_then(|word| row.within(word));
                match word {
                    Some(word) if name(word).is_ok() => found.name(word, Scope::Exact),
                    _ => found.invalid(row.place, Wrong::Name),
                }
            }
            _ if is_first => found.comment(),
            _ => found.skip(),
        }
    })
}

/// CrowdSec names its columns, in any order.
pub(super) fn crowdsec<'b>(bytes: &'b [u8], found: &mut Collector<'b>) -> Result<(), Refusal> {
    let columns = Columns::default();
    let mut known = [None; 3];
    rows(bytes, &columns, found, |row, is_first, found| {
        if is_first {
            known = ["value", "scope", "type"].map(|name| row.position(name));
            return found.comment();
        }
        let [value, scope, kind] = known.map(|column| row.get(column?));
        let is = |field: Option<&[u8]>, words: &[&str]| {
            field.is_none_or(|field| {
                words
                    .iter()
                    .any(|word| field.eq_ignore_ascii_case(word.as_bytes()))
            })
        };
        match value {
            Some(value) if is(scope, &["ip", "range", ""]) && is(kind, &["ban", ""]) => {
                found.item(row.place, item(value));
            }
            _ => found.skip(),
        }
    })
}

struct Row<'r, 'b> {
    fields: &'r ByteRecord,
    /// As it stands in the file.
    place: &'b [u8],
}

impl<'b> Row<'_, 'b> {
    fn get(&self, column: usize) -> Option<&[u8]> {
        let field = self.fields.get(column.checked_sub(1)?)?;
        // A quote after a blank is no quote to the csv crate; ThreatFox writes all of them so.
        Some(unquoted(field.trim_ascii()))
    }

    /// The column with this name, from 1.
    fn position(&self, name: &str) -> Option<usize> {
        let is_it = |field: &[u8]| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
        Some(self.fields.iter().position(is_it)? + 1)
    }

    /// Where a field stands in the file.
    fn within(&self, field: &[u8]) -> Option<&'b [u8]> {
        let start = memchr::memmem::find(self.place, field)?;
        self.place.get(start..start + field.len())
    }
}

fn rows<'b>(
    bytes: &'b [u8],
    columns: &Columns,
    found: &mut Collector<'b>,
    mut each: impl FnMut(Row<'_, 'b>, bool, &mut Collector<'b>),
) -> Result<(), Refusal> {
    let mut promised = None;
    for line in raw_lines(bytes).filter(|line| line.starts_with(b"#")) {
        found.comment();
        promised = footer_entries(line).or(promised);
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(columns.separator)
        .quoting(columns.quotes)
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let mut fields = ByteRecord::new();
    let mut is_first = true;
    let mut count = 0u64;
    while reader.read_byte_record(&mut fields).unwrap_or(false) {
        let start = fields
            .position()
            .map_or(0, |position| position.byte() as usize);
        let end = reader.position().byte() as usize;
        let place = bytes.get(start..end).unwrap_or_default();
        // The reader begins a record where the last one ended, with the comments between.
        let place = skip_comments(place).trim_ascii();
        if place.contains(&b'\n') {
            // Everything up to the next quote would be lost in a single value.
            let line = found.line_of(place);
            let why = format!("the quote in line {line} is not closed there");
            return Err(Refusal::Incomplete(why));
        }
        let row = Row {
            fields: &fields,
            place,
        };
        if !place.is_empty() {
            let before = found.entries();
            each(row, is_first, found);
            count += (found.entries() - before) as u64;
            is_first = false;
        }
    }
    match promised {
        Some(promised) if promised != count => Err(Refusal::Incomplete(format!(
            "its last line says {promised} entries, there are {count}"
        ))),
        _ => Ok(()),
    }
}

fn skip_comments(mut place: &[u8]) -> &[u8] {
    loop {
        place = place.trim_ascii_start();
        if !place.starts_with(b"#") {
            return place;
        }
        let end = place
            .iter()
            .position(|byte| *byte == b'\n' || *byte == b'\r');
        place = place.get(end.unwrap_or(place.len())..).unwrap_or_default();
    }
}

/// `# END 5 entries`.
fn footer_entries(comment: &[u8]) -> Option<u64> {
    let mut words = words(comment.strip_prefix(b"#")?);
    let is_end = words.next()?.eq_ignore_ascii_case(b"END");
    let count = number(words.next()?);
    is_end.then_some(count?)
}

fn address(row: &Row<'_, '_>, columns: &Columns) -> Result<Item, Wrong> {
    let start = row.get(columns.address).ok_or(Wrong::Address)?;
    let start = if columns.port {
        without_port(start)
    } else {
        start
    };
    let end = columns.end.and_then(|column| row.get(column));
    let length = columns.prefix.and_then(|column| row.get(column));
    let by_length = length.map(|length| prefix(start, length)).transpose()?;
    let Some(end) = end else {
        return by_length.map_or_else(|| one(start, columns.integers), Ok);
    };
    let (Some(first), Some(last)) = (bound(start, columns), bound(end, columns)) else {
        return Err(Wrong::Address);
    };
    let span = range(first, last)?;
    match (by_length, span) {
        // Told in two ways: they have to agree.
        (Some(Item::V4(addr, length)), Item::V4Range(_, last)) => {
            let size = u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
            if addr | size == last {
                Ok(span)
            } else {
                Err(Wrong::Mask)
            }
        }
        _ => Ok(span),
    }
}

fn one(word: &[u8], integers: bool) -> Result<Item, Wrong> {
    match number(word).filter(|_| integers) {
        Some(addr) => u32::try_from(addr)
            .map(|addr| Item::V4(addr, 32))
            .map_err(|_| Wrong::Address),
        None => item(word),
    }
}

fn bound(word: &[u8], columns: &Columns) -> Option<Item> {
    match number(word).filter(|_| columns.integers) {
        Some(addr) => Some(Item::V4(u32::try_from(addr).ok()?, 32)),
        None => single(word),
    }
}

/// `192.0.2.1:443` and `[2001:db8::1]:443`.
fn without_port(word: &[u8]) -> &[u8] {
    if let Some((addr, _)) = word
        .strip_prefix(b"[")
        .and_then(|rest| split_once(rest, b']'))
    {
        return addr;
    }
    match split_once(word, b':') {
        Some((addr, port)) if number(port).is_some() => addr,
        _ => word,
    }
}
