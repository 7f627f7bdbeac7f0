//! What exitguard costs: `cargo xtask bench`.
//!
//! Packets through the programs alone, a policy on its way into force, packets through the TUN of an exit
//! node with and without a filter, and transfers. Everything happens in namespaces of this process.

mod arguments;
mod forwarding;
mod lists;
mod loading;
mod packets;
mod policies;
mod prefixes;
mod programs;
mod progress;
mod report;
mod statistics;
mod throughput;

use anyhow::Result;
use arguments::{Arguments, Part};
use clap::Parser;
use exitguard::datapath::{DatapathError, Environment};
use exitguard::exit_code::Exit;
use exitguard::lab::LabError;
use policies::Policies;
use report::Report;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => Exit::Ok.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            exit_of(&error).into()
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    Environment::check()?;
    if let Some(job) = &arguments.child {
        lists::run_child(job)
    } else if arguments.wants_lists() {
        lists::measure(arguments)
    } else {
        measure(arguments)?.print(arguments.json)
    }
}

fn measure(arguments: &Arguments) -> Result<Report> {
    let effort = arguments.effort();
    let policies = Policies::make(effort.prefixes)?;
    let mut report = Report::new(arguments.quick, &policies);
    if arguments.wants(Part::Programs) {
        report.programs = programs::measure(&policies, &effort)?;
    }
    if arguments.wants(Part::Loading) {
        report.loading = Some(loading::measure(&policies, &effort)?);
    }
    if arguments.wants(Part::Forwarding) {
        report.forwarding = forwarding::measure(&policies, &effort)?;
    }
    if arguments.wants(Part::Throughput) {
        report.throughput = Some(throughput::measure(&policies, &effort)?);
    }
    Ok(report)
}

fn exit_of(error: &anyhow::Error) -> Exit {
    let not_permitted = error.chain().any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(LabError::NotPermitted { .. } | LabError::NoNat { .. })
        ) || matches!(
            cause.downcast_ref(),
            Some(DatapathError::NotPermitted { .. } | DatapathError::KernelTooOld { .. })
        )
    });
    if not_permitted {
        Exit::Unsupported
    } else {
        Exit::Internal
    }
}
