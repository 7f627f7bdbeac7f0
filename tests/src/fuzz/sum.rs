//! The Internet checksum (RFC 1071), written for the eye.

/// The ones' complement sum of all words: 0xffff where a checksum is among them and right.
pub(super) fn sum(bytes: &[u8]) -> u16 {
    let (words, rest) = bytes.as_chunks::<2>();
    let last = rest.first().map(|byte| [*byte, 0]);
    let words = words.iter().copied().chain(last);
    let sum: u64 = words.map(|word| u64::from(u16::from_be_bytes(word))).sum();
    match (sum % 0xffff) as u16 {
        0 if sum != 0 => 0xffff,
        sum => sum,
    }
}
