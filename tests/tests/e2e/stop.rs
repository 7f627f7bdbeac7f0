//! Threads that go on until the test is over, however it ends.

use std::sync::atomic::{AtomicBool, Ordering};

/// Tells threads to end.
#[derive(Debug, Default)]
pub(crate) struct Stop(AtomicBool);

impl Stop {
    /// Whether to go on.
    pub(crate) fn goes_on(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }

    /// Stops when the value is dropped: else the others would go on for ever after a failure.
    pub(crate) fn on_drop(&self) -> impl Drop {
        OnDrop(self)
    }
}

struct OnDrop<'a>(&'a Stop);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}
