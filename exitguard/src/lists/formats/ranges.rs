//! Ranges with names, as file sharing clients read them: PeerGuardian (P2P) text and ipfilter.dat.

use super::super::Collector;
use super::super::text::lines;
use super::super::token::{Item, Wrong, ip4, number, padded_ip4, range, split_once};
use memchr::memrchr;

/// `name:start-end`. Names may hold anything, colons too, in any encoding.
pub(super) fn p2p<'b>(bytes: &'b [u8], found: &mut Collector<'b>) {
    found.set_hint("a line is name:start-end, both ends IPv4");
    for line in lines(bytes) {
        if line.is_empty() {
            continue;
        }
        if line.starts_with(b"#") || line.starts_with(b";") || line.starts_with(b"//") {
            found.comment();
        } else {
            let span = p2p_range(line);
            found.item(line, span.unwrap_or(Err(Wrong::Address)));
        }
    }
}

/// What follows the last colon.
pub(in super::super) fn p2p_range(line: &[u8]) -> Option<Result<Item, Wrong>> {
    let colon = memrchr(b':', line)?;
    let (start, end) = split_once(line.get(colon + 1..)?, b'-')?;
    ends(ip4(start.trim_ascii()), ip4(end.trim_ascii()))
}

fn ends(start: Option<u32>, end: Option<u32>) -> Option<Result<Item, Wrong>> {
    Some(range(Item::V4(start?, 32), Item::V4(end?, 32)))
}

/// Levels below this are blocked, the others permitted.
const PERMITTED: u64 = 127;

/// `start - end , level , name`, or a comma in the place of the dash.
pub(super) fn dat<'b>(bytes: &'b [u8], found: &mut Collector<'b>) {
    found.set_hint("a line is start - end , level , name");
    for line in lines(bytes) {
        if line.is_empty() {
            continue;
        }
        if line.starts_with(b"#") || line.starts_with(b";") || line.starts_with(b"//") {
            found.comment();
            continue;
        }
        match dat_range(line) {
            Some((span, level)) if level < PERMITTED => found.item(line, span),
            Some((span, _)) => found.except(line, span),
            None => found.invalid(line, Wrong::Address),
        }
    }
}

/// The range and its level.
pub(in super::super) fn dat_range(line: &[u8]) -> Option<(Result<Item, Wrong>, u64)> {
    let mut fields = line.splitn(4, |byte| *byte == b',').map(<[u8]>::trim_ascii);
    let first = fields.next()?;
    let (start, end) = match split_once(first, b'-') {
        Some((start, end)) => (start.trim_ascii(), end.trim_ascii()),
        None => (first, fields.next()?),
    };
    let level = number(fields.next()?)?;
    Some((ends(padded_ip4(start), padded_ip4(end))?, level))
}
