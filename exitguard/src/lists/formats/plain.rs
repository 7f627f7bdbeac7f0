//! An address, prefix or range a line; `#`, `;` and `//` begin comments. With headers and trailers that
//! tell whether it is complete: FireHOL's update-ipsets and Spamhaus DROP.

use super::super::text::{before, begins, first_word, lines};
use super::super::token::{Wrong, common_item, item, number, range, single, split_once};
use super::super::{Collector, Refusal};
use memchr::memchr2;
use std::fmt;

/// Any list of this kind.
pub(super) fn read<'b>(bytes: &'b [u8], found: &mut Collector<'b>) {
    found.set_hint("a list has one address or prefix per line; # and ; begin comments");
    each_line(bytes, found, |_| {});
}

/// `# Entries : 2 subnets, 257 unique IPs` says how many lines there are to be.
pub(super) fn firehol<'b>(bytes: &'b [u8], found: &mut Collector<'b>) -> Result<(), Refusal> {
    let mut promised = None;
    each_line(bytes, found, |comment| {
        promised = promised.or_else(|| header_entries(comment));
    });
    let there = found.entries() as u64;
    match promised {
        Some(promised) if promised != there => Err(Refusal::Incomplete(format!(
            "its header says {promised} entries, there are {there}"
        ))),
        Some(_) if !bytes.ends_with(b"\n") => Err(Refusal::Incomplete(
            "its last line has no end, so it may be cut off".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// The number in `# Entries : N subnets`.
pub(in super::super) fn header_entries(comment: &[u8]) -> Option<u64> {
    let rest = comment.strip_prefix(b"#")?.trim_ascii_start();
    let (key, value) = split_once(rest, b':')?;
    let (count, unit) = first_word(value.trim_ascii_start());
    let is_count = begins(unit, "subnets") || begins(unit, "unique IPs");
    if !key.trim_ascii_end().eq_ignore_ascii_case(b"entries") || !is_count {
        return None;
    }
    number(count)
}

/// The list ends with `; EOF`, but has not always done so: without it, the last line has to be whole.
pub(super) fn spamhaus<'b>(bytes: &'b [u8], found: &mut Collector<'b>) -> Result<(), Refusal> {
    let mut has_end = false;
    each_line(bytes, found, |comment| has_end |= is_end(comment));
    if has_end || bytes.ends_with(b"\n") {
        return Ok(());
    }
    Err(Refusal::Incomplete(
        "there is no \"; EOF\", and its last line has no end".to_owned(),
    ))
}

fn is_end(comment: &[u8]) -> bool {
    let text = comment.strip_prefix(b";").map(<[u8]>::trim_ascii);
    text.is_some_and(|text| text.eq_ignore_ascii_case(b"EOF"))
}

fn each_line<'b>(bytes: &'b [u8], found: &mut Collector<'b>, mut comment: impl FnMut(&'b [u8])) {
    for line in lines(bytes) {
        if line.is_empty() {
            continue;
        }
        if let Some(item) = common_item(line) {
            found.item(line, Ok(item));
            continue;
        }
        let end = memchr2(b'#', b';', line).unwrap_or(line.len());
        let content = line.get(..end).unwrap_or_default().trim_ascii_end();
        if content.is_empty() || content.starts_with(b"//") {
            found.comment();
            comment(line);
        } else {
            entry(content, found);
        }
    }
}

fn entry<'b>(content: &'b [u8], found: &mut Collector<'b>) {
    let (word, rest) = first_word(content);
    if rest.is_empty() || rest.starts_with(b"//") {
        return found.word(word);
    }
    // `192.0.2.1 - 192.0.2.9`, the dash anywhere between.
    if let Some((start, end)) = split_once(content, b'-')
        && let (Some(start), Some(end)) = (single(start), single(end))
    {
        return found.item(content, range(start, end));
    }
    // A score may follow the address. Anything else may mean anything.
    let score = before(rest, b' ');
    let is_number = score
        .iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if is_number && score.len() == rest.len() && single(score).is_none() {
        found.word(word);
    } else if item(word).is_ok() {
        found.invalid(content, MoreThanOne);
    } else {
        found.invalid(content, Wrong::Address);
    }
}

/// There is more on the line than one address.
struct MoreThanOne;

impl fmt::Display for MoreThanOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is more than one address, prefix or range")
    }
}
