//! From the bytes of a file to text: gzip unpacked, everything that is no text refused.

use super::text::begins;
use super::{MAX_BYTES, Refusal};
use flate2::bufread::MultiGzDecoder;
use memchr::memchr;
use std::borrow::Cow;
use std::io::Read;

/// Text packs to a tenth; what packs to less than this was made to fill memory.
const MAX_RATIO: usize = 200;
/// Below this, the ratio says nothing.
const SMALL_BYTES: usize = 1 << 20;

/// How files begin that are not text, whatever their name says.
const MAGIC: [(&[u8], &str); 8] = [
    (b"PK\x03\x04", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\xff\xff\xff\xffP2B", "binary PeerGuardian (P2B)"),
    (b"%PDF-", "PDF"),
];

/// The text of a file, unpacked, without a byte order mark, its lines ended by line feeds.
pub(super) fn unpack(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
    let text = if bytes.starts_with(GZIP) {
        Cow::Owned(gunzip(bytes)?)
    } else {
        Cow::Borrowed(bytes)
    };
    check(&text)?;
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(without_mark(text)),
        Cow::Owned(text) if text.starts_with(MARK) => Cow::Owned(without_mark(&text).to_vec()),
        owned => owned,
    };
    // Old systems ended lines with a carriage return alone.
    if memchr(b'\n', &text).is_none() && memchr(b'\r', &text).is_some() {
        let fed = text
            .iter()
            .map(|byte| if *byte == b'\r' { b'\n' } else { *byte });
        return Ok(Cow::Owned(fed.collect()));
    }
    Ok(text)
}

/// What some editors put at the beginning.
const MARK: &[u8] = b"\xef\xbb\xbf";

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

const GZIP: &[u8] = b"\x1f\x8b";

fn gunzip(packed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let by_ratio = packed.len().saturating_mul(MAX_RATIO).max(SMALL_BYTES);
    let limit = by_ratio.min(MAX_BYTES as usize);
    let mut text = Vec::new();
    MultiGzDecoder::new(packed)
        .take(limit as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|error| Refusal::DamagedGzip(error.to_string()))?;
    if text.len() <= limit {
        Ok(text)
    } else if by_ratio == limit {
        Err(Refusal::Bomb(MAX_RATIO))
    } else {
        Err(Refusal::TooLarge)
    }
}

fn check(bytes: &[u8]) -> Result<(), Refusal> {
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(Refusal::Packed(kind));
    }
    if bytes.starts_with(GZIP) {
        return Err(Refusal::Packed("doubly packed gzip"));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Refusal::Utf16);
    }
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 127);
    // Whole blocks first: without an early exit inside, the compiler compares many bytes at once.
    const BLOCK: usize = 4096;
    let strange = |block: &[u8]| block.iter().fold(false, |any, byte| any | is_control(byte));
    if let Some(block) = bytes.chunks(BLOCK).position(strange) {
        let mut rest = bytes.iter().copied().enumerate().skip(block * BLOCK);
        let found = rest.find(|(_, byte)| is_control(byte));
        let (offset, byte) = found.unwrap_or_default();
        return Err(Refusal::Binary { offset, byte });
    }
    let start = without_mark(bytes).trim_ascii_start();
    if start.is_empty() {
        return Err(Refusal::Empty);
    }
    let is_page = |tag: &str| begins(start, tag);
    if ["<!doctype", "<html", "<head", "<body", "<?xml", "<!--"]
        .into_iter()
        .any(is_page)
    {
        return Err(Refusal::Html);
    }
    Ok(())
}
