//! `exitguard top` in a terminal of tmux, on the exit node of a lab: keys are typed and the screen is read.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod acting;
mod node;
mod screen;
mod seeing;
mod terminal;

use std::time::{Duration, Instant};

/// Long enough for a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(60);

/// Looks at something until it is as it should be; then what it is.
fn until<T>(mut look: impl FnMut() -> Result<T, String>, what: &str) -> T {
    let deadline = Instant::now() + SOON;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(
                Instant::now() < deadline,
                "{what}: not within {SOON:?}, but\n{seen}"
            ),
        }
        std::thread::yield_now();
    }
}
