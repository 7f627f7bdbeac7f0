//! `exitguard doctor`.

use super::{DoctorArgs, print};
use exitguard::doctor::{self, Finding, State};
use exitguard::exit_code::Exit;
use serde::Serialize;

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
    let facts = runtime.block_on(doctor::gather(&args.config.config, &args.tailscaled));
    let findings = doctor::examine(&facts);
    let problems = doctor::count(&findings, State::Problem);
    if args.json {
        print::json(&Report {
            problems,
            findings: &findings,
        })?;
    } else {
        print::text(&doctor::text(&findings))?;
    }
    Ok(if problems == 0 {
        Exit::Ok
    } else {
        Exit::Negative
    })
}
