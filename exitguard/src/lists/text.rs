//! Lines and words of a file of bytes.

use super::Refusal;
use memchr::{memchr, memchr_iter, memrchr};

/// Longest line: far above any entry there is. Whoever sends more sends something else.
const LINE_BYTES: usize = 64 << 10;

/// The lines, without what ends them and without blanks around them.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    raw_lines(bytes).map(<[u8]>::trim_ascii)
}

/// The lines, as they are but for what ends them.
pub(super) fn raw_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let all = rest?;
        let at = memchr(b'\n', all).unwrap_or(all.len());
        rest = all.get(at + 1..);
        all.get(..at)
    })
}

/// How many lines there are; what follows the last line end is one if it is anything.
pub(super) fn count_lines(bytes: &[u8]) -> usize {
    let unfinished = bytes.last().is_some_and(|last| *last != b'\n');
    memchr_iter(b'\n', bytes).count() + usize::from(unfinished)
}

/// Number, from 1, and text of the line that holds the byte at `at`, and where it begins.
pub(super) fn line_at(bytes: &[u8], at: usize) -> (usize, usize, &[u8]) {
    let (before, rest) = bytes.split_at(at.min(bytes.len()));
    let start = memrchr(b'\n', before).map_or(0, |last| last + 1);
    let length = memchr(b'\n', rest).unwrap_or(rest.len());
    let line = bytes.get(start..before.len() + length).unwrap_or_default();
    (memchr_iter(b'\n', before).count() + 1, start, line)
}

/// Refuses a file with a line that no list has.
pub(super) fn check_line_lengths(bytes: &[u8]) -> Result<(), Refusal> {
    // From line to line in the longest steps: lines between need no look.
    let mut start = 0;
    while let Some(window) = bytes.get(start..start + LINE_BYTES + 1) {
        match memrchr(b'\n', window) {
            Some(last) => start += last + 1,
            None => {
                let line = memchr_iter(b'\n', bytes.get(..start).unwrap_or_default()).count() + 1;
                return Err(Refusal::LongLine { line });
            }
        }
    }
    Ok(())
}

/// The words between blanks.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// The line up to the first such byte, without blanks around it.
pub(super) fn before(line: &[u8], byte: u8) -> &[u8] {
    let end = memchr(byte, line).unwrap_or(line.len());
    line.get(..end).unwrap_or_default().trim_ascii()
}

/// The first word and what follows it, without blanks between.
pub(super) fn first_word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(u8::is_ascii_whitespace);
    let (word, rest) = line.split_at(end.unwrap_or(line.len()));
    (word, rest.trim_ascii_start())
}

/// Without quotes around it, if there are both.
pub(super) fn unquoted(word: &[u8]) -> &[u8] {
    let inner = word.strip_prefix(b"\"");
    inner
        .and_then(|word| word.strip_suffix(b"\""))
        .unwrap_or(word)
}

/// Whether `text` begins with `start`, in any case.
pub(super) fn begins(text: &[u8], start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()))
}
