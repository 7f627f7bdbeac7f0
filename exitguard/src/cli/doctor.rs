//! `exitguard doctor`.

use super::{DoctorArgs, print};
use anyhow::Context;
use exitguard::doctor::{Finding, State, examine, gather};
use exitguard::exit_code::Exit;
use serde::Serialize;
use std::fmt::Write;

/// For programs.
#[derive(Serialize)]
struct Report<'a> {
    problems: usize,
    findings: &'a [Finding],
}

pub(super) fn doctor(args: &DoctorArgs) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let facts = runtime.block_on(gather(&args.config.config, &args.tailscaled));
    let findings = examine(&facts);
    let problems = count(&findings, State::Problem);
    if args.json {
        print::json(&Report {
            problems,
            findings: &findings,
        })?;
    } else {
        print::text(&text(&findings).context("cannot write text")?)?;
    }
    Ok(if problems == 0 {
        Exit::Ok
    } else {
        Exit::Negative
    })
}

fn count(findings: &[Finding], state: State) -> usize {
    let of_state = findings.iter().filter(|finding| finding.state == state);
    of_state.count()
}

fn text(findings: &[Finding]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for finding in findings {
        let (state, name) = (finding.state.name(), finding.name);
        writeln!(text, "{state:<8} {name:<15} {}", finding.found)?;
        if let Some(remedy) = &finding.remedy {
            writeln!(text, "{:<24} -> {remedy}", "")?;
        }
    }
    let [problems, advice, unknown] =
        [State::Problem, State::Advice, State::Unknown].map(|state| count(findings, state));
    writeln!(
        text,
        "\nproblems: {problems}; advice: {advice}; unknown: {unknown}"
    )?;
    Ok(text)
}
