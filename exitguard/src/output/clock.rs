//! Monotonic time of the kernel to time of day.

use jiff::Timestamp;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// A moment on both clocks, by which others are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    wall: Timestamp,
    monotonic_ns: u64,
}

impl WallClock {
    /// Now. Taken anew for every batch, so that a change of the wall clock shows.
    pub fn now() -> Self {
        Self {
            wall: Timestamp::now(),
            monotonic_ns: monotonic_ns(),
        }
    }

    /// Both moments given.
    pub const fn at(wall: Timestamp, monotonic_ns: u64) -> Self {
        Self { wall, monotonic_ns }
    }

    /// The moment itself, nanoseconds of `CLOCK_MONOTONIC`.
    pub const fn monotonic_ns(&self) -> u64 {
        self.monotonic_ns
    }

    /// The moment itself, time of day.
    pub const fn wall(&self) -> Timestamp {
        self.wall
    }

    /// A kernel time as time of day.
    pub fn wall_of(&self, monotonic_ns: u64) -> Timestamp {
        if monotonic_ns <= self.monotonic_ns {
            let before = Duration::from_nanos(self.monotonic_ns - monotonic_ns);
            self.wall.checked_sub(before).unwrap_or(self.wall)
        } else {
            let after = Duration::from_nanos(monotonic_ns - self.monotonic_ns);
            self.wall.checked_add(after).unwrap_or(self.wall)
        }
    }
}

fn monotonic_ns() -> u64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .ok()
        .and_then(|time| u64::try_from(Duration::from(time).as_nanos()).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_times_before_and_after() {
        let noon: Timestamp = "2026-01-02T12:00:00Z".parse().unwrap();
        let clock = WallClock::at(noon, 10_000_000_000);
        assert_eq!(clock.wall_of(10_000_000_000), noon);
        assert_eq!(
            clock.wall_of(9_000_000_000).to_string(),
            "2026-01-02T11:59:59Z"
        );
        assert_eq!(
            clock.wall_of(10_500_000_000).to_string(),
            "2026-01-02T12:00:00.5Z"
        );
    }
}
