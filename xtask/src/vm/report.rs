//! What came of a kernel, out of what its machine reported and printed.

use super::groups::Group;
use super::protocol::{End, HEADING, Report};
use super::qemu::Outcome;
use std::fmt;

/// Stands before the name of a kernel program and the number of instructions that the verifier looked at.
const VERIFIED: &str = "verifier: ";

/// A kernel, or why there is none.
#[derive(Debug)]
pub(super) struct Row {
    /// What it was asked for as.
    pub(super) version: String,
    /// What came of it.
    pub(super) result: Tested,
}

/// What came of a kernel.
#[derive(Debug)]
pub(super) enum Tested {
    /// It could not be had.
    NotThere {
        /// Why.
        why: String,
        /// It should have been there.
        is_failure: bool,
    },
    /// Its machine ran.
    Ran {
        /// As the kernel says it.
        release: String,
        /// One for each group that was asked for.
        cells: Vec<(Group, Cell)>,
        /// Kernel programs, with the instructions that the verifier looked at.
        verified: Vec<(String, u64)>,
        /// Why the machine is not to be believed.
        trouble: Option<String>,
    },
}

/// A group of tests on a kernel.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// All of them passed.
    Passed {
        /// How many.
        tests: u64,
        /// In which time.
        seconds: f64,
    },
    /// Some did not, or none was run.
    Failed(String),
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed { tests, seconds } => f.pad(&format!("{tests} in {seconds:.0} s")),
            Self::Failed(why) => f.pad(&format!("FAILED: {why}")),
        }
    }
}

impl Row {
    /// Out of a machine's outcome.
    pub(super) fn new(version: String, release: String, groups: &[Group], came: Outcome) -> Self {
        let cell = |group: &Group| (*group, cell(*group, &came));
        let result = Tested::Ran {
            release,
            cells: groups.iter().map(cell).collect(),
            verified: verified(&came.output),
            trouble: came.trouble,
        };
        Self { version, result }
    }

    /// Whether a test failed or could not be asked.
    pub(super) fn is_failure(&self) -> bool {
        match &self.result {
            Tested::NotThere { is_failure, .. } => *is_failure,
            Tested::Ran { cells, trouble, .. } => {
                let failed = |(_, cell): &(Group, Cell)| matches!(cell, Cell::Failed(_));
                trouble.is_some() || cells.iter().any(failed)
            }
        }
    }

    /// Whether any test was asked.
    pub(super) fn has_run(&self) -> bool {
        matches!(self.result, Tested::Ran { .. })
    }
}

fn cell(group: Group, came: &Outcome) -> Cell {
    let name = group.name();
    let ended = came.reports.iter().find_map(|report| match report {
        Report::Ended {
            group,
            end,
            seconds,
        } if *group == name => Some((end, *seconds)),
        _ => None,
    });
    let Some((end, seconds)) = ended else {
        return Cell::Failed("not run".into());
    };
    let (tests, failed) = counted(&came.output, &name).unwrap_or_default();
    match end {
        End::Exit(0) if tests > 0 && failed == 0 => Cell::Passed { tests, seconds },
        End::Exit(0) => Cell::Failed("no tests".into()),
        End::Exit(_) if failed > 0 => Cell::Failed(format!("{failed} of {}", tests + failed)),
        End::Exit(code) => Cell::Failed(format!("exit code {code}")),
        End::Signal(name) => Cell::Failed(name.clone()),
        End::Late => Cell::Failed(format!("more than {seconds:.0} s")),
        End::Failed(why) => Cell::Failed(why.clone()),
    }
}

/// How many tests of a group passed and failed, as its program says at its end.
fn counted(output: &str, group: &str) -> Option<(u64, u64)> {
    let sections = output.split(HEADING);
    let section = sections.skip(1).find(|section| {
        let heading = section.lines().next();
        heading.map(str::trim) == Some(group)
    })?;
    let result = section
        .lines()
        .find_map(|line| line.strip_prefix("test result: "))?;
    let number = |what: &str| {
        let words: Vec<_> = result.split([' ', ';']).collect();
        let place = words.iter().position(|word| *word == what)?;
        words.get(place.checked_sub(1)?)?.parse().ok()
    };
    Some((number("passed")?, number("failed")?))
}

fn verified(output: &str) -> Vec<(String, u64)> {
    let said = output
        .lines()
        .filter_map(|line| Some(line.split_once(VERIFIED)?.1));
    said.filter_map(|said| {
        let (program, instructions) = said.trim().split_once(' ')?;
        Some((program.to_owned(), instructions.parse().ok()?))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
=== group verifier
running 1 test
test stays_below ... verifier: tc_outbound 71234
verifier: xdp_outbound 81234
ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s
=== group demo
test result: FAILED. 8 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s
=== group run
";

    fn outcome(ends: &[(Group, End)]) -> Outcome {
        let reports = ends.iter().map(|(group, end)| Report::Ended {
            group: group.name(),
            end: end.clone(),
            seconds: 2.0,
        });
        Outcome {
            reports: reports.collect(),
            output: OUTPUT.into(),
            trouble: None,
        }
    }

    #[test]
    fn a_group_passes_by_its_exit_code_and_by_its_count() {
        let passed = outcome(&[(Group::Verifier, End::Exit(0)), (Group::Run, End::Exit(0))]);
        let (tests, seconds) = (1, 2.0);
        assert_eq!(
            cell(Group::Verifier, &passed),
            Cell::Passed { tests, seconds }
        );
        assert_eq!(cell(Group::Run, &passed), Cell::Failed("no tests".into()));
        assert_eq!(cell(Group::Demo, &passed), Cell::Failed("not run".into()));
    }

    #[test]
    fn a_group_that_fails_says_how_many() {
        let failed = outcome(&[(Group::Demo, End::Exit(101)), (Group::Run, End::Exit(101))]);
        assert_eq!(cell(Group::Demo, &failed), Cell::Failed("1 of 9".into()));
        assert_eq!(
            cell(Group::Run, &failed),
            Cell::Failed("exit code 101".into())
        );
    }

    #[test]
    fn numbers_of_the_verifier_are_found_within_lines_of_the_tests() {
        let expected = [("tc_outbound", 71_234), ("xdp_outbound", 81_234)];
        assert_eq!(
            verified(OUTPUT),
            expected.map(|(name, number)| (name.to_owned(), number))
        );
    }

    #[test]
    fn a_machine_in_trouble_fails_whatever_its_tests_say() {
        let mut came = outcome(&[(Group::Verifier, End::Exit(0))]);
        let row = |came| Row::new("6.1".into(), "6.1.0".into(), &[Group::Verifier], came);
        assert!(!row(outcome(&[(Group::Verifier, End::Exit(0))])).is_failure());
        came.trouble = Some("panic".into());
        assert!(row(came).is_failure());
    }
}
