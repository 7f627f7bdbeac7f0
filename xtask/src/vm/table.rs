//! The end of a run: kernels by groups of tests, and what the verifier looked at.

use super::groups::Group;
use super::report::{Row, Tested};
use std::fmt::Write;

/// Two tables and what does not fit into them.
pub(super) fn render(rows: &[Row], groups: &[Group]) -> String {
    let mut tests = vec![heading(groups.iter().map(|group| group.name()))];
    let mut verified: Vec<Vec<String>> = Vec::new();
    let mut notes = String::new();
    for row in rows {
        match &row.result {
            Tested::NotThere { why, is_failure } => {
                let what = if *is_failure {
                    "FAILED: not to be had"
                } else {
                    "not available here"
                };
                tests.push(vec![row.version.clone(), what.to_owned()]);
                let _ = writeln!(notes, "{}: {}", row.version, why.trim());
            }
            Tested::Ran {
                release,
                cells,
                verified: numbers,
                trouble,
            } => {
                let cells = cells.iter().map(|(_, cell)| cell.to_string());
                tests.push([release.clone()].into_iter().chain(cells).collect());
                if verified.is_empty() && !numbers.is_empty() {
                    verified.push(heading(numbers.iter().map(|(name, _)| name.clone())));
                }
                if !numbers.is_empty() {
                    let numbers = numbers.iter().map(|(_, number)| number.to_string());
                    verified.push([release.clone()].into_iter().chain(numbers).collect());
                }
                if let Some(trouble) = trouble {
                    let _ = writeln!(notes, "{release}: {trouble}");
                }
            }
        }
    }
    let mut text = String::from("Tests that passed, and the time they took:\n");
    text.push_str(&columns(&tests));
    if !verified.is_empty() {
        text.push_str("\nInstructions that the verifier looked at, of 1,000,000:\n");
        text.push_str(&columns(&verified));
    }
    if !notes.is_empty() {
        text.push('\n');
        text.push_str(&notes);
    }
    text
}

fn heading(names: impl Iterator<Item = String>) -> Vec<String> {
    [String::from("kernel")].into_iter().chain(names).collect()
}

/// Aligned; the first row decides how many columns are.
fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        // What stands alone in its row may be longer than its column.
        let cells = rows.iter().filter(|row| row.len() == count);
        let widths = cells.filter_map(|row| row.get(column)).map(String::len);
        widths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        let _ = writeln!(text, "  {}", line.join("  ").trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::report::Cell;
    use super::*;

    #[test]
    fn everything_is_in_its_column_and_what_is_wrong_below() {
        let passed = Cell::Passed {
            tests: 50,
            seconds: 112.4,
        };
        let ran = |release: &str, second: Cell, trouble: Option<&str>| Row {
            version: "x".into(),
            result: Tested::Ran {
                release: release.into(),
                cells: vec![(Group::Verdicts, passed.clone()), (Group::Run, second)],
                verified: vec![("tc_outbound".into(), 71_234)],
                trouble: trouble.map(Into::into),
            },
        };
        let rows = [
            ran("5.10.0-46", Cell::Failed("2 of 9".into()), Some("panic")),
            ran("6.1.0", passed.clone(), None),
            Row {
                version: "newest".into(),
                result: Tested::NotThere {
                    why: "no answer\n".into(),
                    is_failure: false,
                },
            },
        ];
        assert_eq!(
            render(&rows, &[Group::Verdicts, Group::Run]),
            "\
Tests that passed, and the time they took:
  kernel     verdicts     run
  5.10.0-46  50 in 112 s  FAILED: 2 of 9
  6.1.0      50 in 112 s  50 in 112 s
  newest     not available here

Instructions that the verifier looked at, of 1,000,000:
  kernel     tc_outbound
  5.10.0-46  71234
  6.1.0      71234

5.10.0-46: panic
newest: no answer
"
        );
    }
}
