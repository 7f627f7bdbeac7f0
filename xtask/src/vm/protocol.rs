//! What host and guest tell each other: a plan in a file, and a line for each thing that happened, on the second
//! serial port, where nobody but the guest's first process writes.

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// The file of the [`Plan`] in the guest.
pub(super) const PLAN: &str = "/vm/plan.json";
/// The folder of kernel modules; their names sort in the order to load them in.
pub(super) const MODULES: &str = "/vm/modules";
/// The device of reports.
pub(super) const REPORTS: &str = "/dev/ttyS1";
/// The device of what the tests print.
pub(super) const OUTPUT: &str = "/dev/ttyS2";
/// Stands before the name of a group in what the tests print.
pub(super) const HEADING: &str = "=== group ";

/// What to run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    /// One after the other.
    pub(super) groups: Vec<Work>,
}

/// A group of tests.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Work {
    /// What reports call it.
    pub(super) name: String,
    /// Program and arguments.
    pub(super) command: Vec<String>,
    /// The folder to run it in.
    pub(super) folder: String,
    /// Killed after these.
    pub(super) seconds: u64,
}

/// A line of the guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    /// The kernel runs the guest's first process.
    Booted {
        /// Its release.
        kernel: String,
    },
    /// Something is wrong with the guest, not with a test.
    Trouble {
        /// In words.
        what: String,
    },
    /// A group came to its end.
    Ended {
        /// Its name.
        group: String,
        /// How.
        end: End,
        /// After so long.
        seconds: f64,
    },
    /// The last line; whoever does not read it knows nothing.
    Done {
        /// How many groups passed.
        passed: usize,
    },
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    /// By itself, with this code.
    Exit(i32),
    /// By this signal.
    Signal(String),
    /// It was killed: it took too long.
    Late,
    /// It did not start.
    Failed(String),
}

impl Report {
    /// As a line, without its end.
    pub(super) fn line(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// Lines, as far as they are whole.
    pub(super) fn read(text: &str) -> Vec<Self> {
        text.lines()
            .map_while(|line| serde_json::from_str(line.trim()).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_guest_says_the_host_reads() {
        let said = [
            Report::Booted {
                kernel: "5.10.0".into(),
            },
            Report::Ended {
                group: "demo".into(),
                end: End::Exit(101),
                seconds: 1.5,
            },
            Report::Done { passed: 0 },
        ];
        let text: String = said
            .iter()
            .map(|report| report.line().unwrap() + "\r\n")
            .collect();
        assert_eq!(Report::read(&text), said);
    }

    #[test]
    fn half_a_line_is_none() {
        assert_eq!(Report::read("{\"done\":{\"pas"), []);
    }
}
