//! What came of a demo.

use super::expect::Seen;
use super::scenario::Probe;
use crate::exit_code::Exit;
use std::time::Duration;

/// What came of a demo.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What came of each probe.
    pub rows: Vec<Row>,
    /// How often all of them were sent.
    pub rounds: u64,
    /// How long it took, without building up and taking down.
    pub elapsed: Duration,
    /// Why it ended.
    pub end: End,
}

/// Why a demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was over.
    Complete,
    /// Somebody wanted it to end.
    Interrupted,
    /// The reader of its reports is gone.
    NobodyReads,
}

/// What came of a probe, over all rounds.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was sent, and what was to become of it.
    pub probe: Probe,
    /// How often it was sent.
    pub sent: u64,
    /// How often something else became of it.
    pub failed: u64,
    /// What became of it: the first time that it was something else, or the last time. `None` if it was not
    /// sent.
    pub seen: Option<Seen>,
}

impl Row {
    pub(super) fn new(probe: Probe) -> Self {
        Self {
            probe,
            sent: 0,
            failed: 0,
            seen: None,
        }
    }

    pub(super) fn add(&mut self, seen: Seen) {
        let is_expected = seen.is(&self.probe.expected);
        self.sent += 1;
        if self.failed == 0 {
            self.seen = Some(seen);
        }
        self.failed += u64::from(!is_expected);
    }

    /// Whether it was sent, and was as expected every time.
    pub const fn passed(&self) -> bool {
        self.sent > 0 && self.failed == 0
    }
}

impl Outcome {
    /// How many probes were as expected.
    pub fn passed_rows(&self) -> usize {
        self.rows.iter().filter(|row| row.passed()).count()
    }

    /// Whether everything was sent and was as expected.
    pub fn passed(&self) -> bool {
        self.rows.iter().all(Row::passed)
    }

    /// What the process says.
    pub fn exit(&self) -> Exit {
        let failed = self.rows.iter().any(|row| row.failed > 0);
        match self.end {
            // Whoever closed a pipe has seen enough.
            End::NobodyReads => Exit::Ok,
            _ if failed => Exit::Negative,
            End::Interrupted => Exit::Interrupted,
            End::Complete => Exit::Ok,
        }
    }
}
