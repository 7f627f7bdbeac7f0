//! The service as the README installs it, under a systemd that runs.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod life;
mod lists;
mod machine;
mod metrics;
mod people;
mod readme;
mod tailscaled;

use std::time::{Duration, Instant};

/// Long enough for a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(60);

/// Looks at a condition until it holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {SOON:?}");
        std::thread::yield_now();
    }
}
