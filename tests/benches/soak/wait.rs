//! Waiting for what has to come.

use anyhow::{Result, bail};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a machine on which traffic takes all processors.
pub(crate) const SOON: Duration = Duration::from_secs(40);

/// Between two looks: what is waited for needs the processor, too.
const PAUSE: Duration = Duration::from_millis(2);

/// Looks until there is something, and fails when it takes too long.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + SOON;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() > deadline {
            bail!("{what}: not within {} s", SOON.as_secs());
        }
        thread::park_timeout(PAUSE);
    }
}
