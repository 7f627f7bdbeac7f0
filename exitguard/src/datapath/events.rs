//! The ring buffer.

use super::error::DatapathError;
use super::object::Loaded;
use aya::maps::{Map, MapData, RingBuf};
use exitguard_common::abi::{Event, EventKind, decode, maps};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// Events from the kernel. Readable, in the sense of `poll`, when there is one.
pub struct EventSource {
    ring: RingBuf<MapData>,
}

impl EventSource {
    fn new(map: Map) -> Result<Self, DatapathError> {
        let ring = RingBuf::try_from(map).map_err(|error| DatapathError::Map {
            map: maps::EVENTS,
            error,
        })?;
        Ok(Self { ring })
    }

    /// The next event; `None` when there is none now.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            let bytes = self.ring.next()?;
            if let Some(event) = read_event(&bytes) {
                return Some(event);
            }
        }
    }
}

impl Loaded {
    /// The events of all policies that share the pins. Once.
    ///
    /// # Errors
    /// When they were taken before.
    pub fn take_events(&mut self) -> Result<EventSource, DatapathError> {
        EventSource::new(self.take_map(maps::EVENTS)?)
    }
}

impl std::fmt::Debug for EventSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventSource").finish_non_exhaustive()
    }
}

/// Reads an event; `None` for bytes that are none of this build's.
pub fn read_event(bytes: &[u8]) -> Option<Event> {
    decode::<Event>(bytes).filter(|event| EventKind::from_number(event.kind).is_some())
}

impl AsRawFd for EventSource {
    fn as_raw_fd(&self) -> RawFd {
        self.ring.as_raw_fd()
    }
}

impl AsFd for EventSource {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ring.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_no_bytes_that_are_not_an_event() {
        let size = size_of::<Event>();
        for length in [0, 1, size - 1, size + 1, 4 * size] {
            assert_eq!(read_event(&vec![1; length]), None, "{length}");
        }
        assert_eq!(read_event(&vec![0; size]), None, "kind 0");
        assert_eq!(read_event(&vec![9; size]), None, "kind 9");
        assert!(read_event(&vec![1; size]).is_some());
    }
}
