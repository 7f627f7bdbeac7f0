//! Findings for people.

use super::finding::{Finding, State};
use std::fmt::Write;

/// How many are in a state.
pub fn count(findings: &[Finding], state: State) -> usize {
    let of_state = findings.iter().filter(|finding| finding.state == state);
    of_state.count()
}

/// A line a finding, one more for what to do, and how many of which kind.
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (state, name) = (finding.state.name(), finding.name);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{state:<8} {name:<15} {}", finding.found);
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "{:<24} -> {remedy}", "");
        }
    }
    let [problems, advice, unknown] =
        [State::Problem, State::Advice, State::Unknown].map(|state| count(findings, state));
    let _ = writeln!(
        text,
        "\nproblems: {problems}; advice: {advice}; unknown: {unknown}"
    );
    text
}
