//! What tailscaled answers.

use exitguard::host::relays_in;

/// The bytes of an answer: addresses in order, each once and each of them in the answer; or an error that says
/// something.
pub(super) fn relays(bytes: &[u8]) {
    match relays_in(bytes) {
        Ok(addresses) => {
            let ascends = addresses
                .windows(2)
                .all(|pair| matches!(pair, [a, b] if a < b));
            assert!(ascends, "{addresses:?}");
            // The shortest address is two bytes in quotes.
            assert!(addresses.len() * 4 <= bytes.len(), "{addresses:?}");
            let is_answer = bytes.starts_with(b"HTTP/1.") && bytes.get(8..13) == Some(b" 200 ");
            assert!(is_answer, "no answer was taken for one");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
