//! How far a download is, on a line that goes away: for people who watch.

use exitguard::diagnostic::printable;
use exitguard::lists::update::Progress;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Nobody reads faster.
const INTERVAL: Duration = Duration::from_millis(100);

/// Of a name; the rest of a line is for the numbers.
const NAME: usize = 40;

/// To the beginning of the line, without what is on it.
const CLEAR: &str = "\r\x1b[K";
/// A line longer than the terminal would go on below, where it could not be cleared.
const WITHOUT_WRAP: &str = "\x1b[?7l";
const WITH_WRAP: &str = "\x1b[?7h";

/// The line on stderr. It is cleared when this is dropped.
#[derive(Debug)]
pub(super) struct Line {
    name: String,
    drawn: Mutex<Option<Instant>>,
}

impl Line {
    /// If stderr is a terminal that can clear lines. There are no colours that `NO_COLOR` could take away.
    pub(super) fn for_people(name: &str) -> Option<Self> {
        let term = std::env::var_os("TERM").unwrap_or_default();
        let is_able = io::stderr().is_terminal() && !term.is_empty() && term != "dumb";
        is_able.then(|| Self {
            name: shortened(&printable(name)),
            drawn: Mutex::new(None),
        })
    }
}

impl Progress for Line {
    fn at(&self, bytes: u64, of: Option<u64>) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.is_some_and(|at| at.elapsed() < INTERVAL) {
            return;
        }
        *drawn = Some(Instant::now());
        let text = text(&self.name, bytes, of);
        let text = format!("{CLEAR}{WITHOUT_WRAP}{text}{WITH_WRAP}");
        // At once, so that no signal comes in between; a terminal that is gone is no reason to stop.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.is_some() {
            let _ = io::stderr().write_all(CLEAR.as_bytes());
        }
    }
}

fn shortened(name: &str) -> String {
    let mut shortened: String = name.chars().take(NAME).collect();
    if shortened.len() < name.len() {
        shortened.pop();
        shortened.push('…');
    }
    shortened
}

fn text(name: &str, bytes: u64, of: Option<u64>) -> String {
    match of {
        None if bytes == 0 => format!("{name}: waiting for the server"),
        None => format!("{name}: {}", size(bytes)),
        Some(of) => {
            // A server may send more than it says; of nothing, everything is there.
            let percent = (bytes.saturating_mul(100)).checked_div(of).unwrap_or(100);
            let percent = percent.min(100);
            format!("{name}: {} of {} ({percent} %)", size(bytes), size(of))
        }
    }
}

fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match bytes {
        ..KIB => format!("{bytes} B"),
        KIB..MIB => format!("{} KiB", bytes / KIB),
        MIB.. => format!("{:.1} MiB", bytes as f64 / MIB as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_is_told_in_bytes_and_if_possible_in_percent() {
        for (bytes, of, expected) in [
            (0, None, "feed: waiting for the server"),
            (1_023, None, "feed: 1023 B"),
            (2_048, Some(4_096), "feed: 2 KiB of 4 KiB (50 %)"),
            (3 << 19, Some(3 << 20), "feed: 1.5 MiB of 3.0 MiB (50 %)"),
            (200, Some(100), "feed: 200 B of 100 B (100 %)"),
            (0, Some(0), "feed: 0 B of 0 B (100 %)"),
            (
                u64::MAX,
                Some(1),
                "feed: 17592186044416.0 MiB of 1 B (100 %)",
            ),
        ] {
            assert_eq!(text("feed", bytes, of), expected);
        }
    }

    #[test]
    fn a_long_name_leaves_room_for_the_numbers() {
        let name = "ä".repeat(40);
        assert_eq!(shortened(&name), name);
        assert_eq!(shortened(&(name + "b")), "ä".repeat(39) + "…");
    }
}
