//! Whether exitguard holds what it promises while everything around it breaks: `cargo xtask soak`.
//!
//! The binary runs on the exit node of a lab, in mode `enforce` with `fail = "closed"`. Clients send as fast as they
//! can, most of it forbidden. One fault after the other happens to the daemon, its files and its device, in an order
//! that a seed decides; after each, everything that has to hold is looked at.

mod account;
mod arguments;
mod daemon;
mod faults;
mod gaps;
mod memory;
mod meters;
mod policies;
mod report;
mod residue;
mod run;
mod shared;
mod site;
mod traffic;
mod wait;

use anyhow::Result;
use arguments::Arguments;
use clap::Parser;
use exitguard::datapath::{DatapathError, Environment};
use exitguard::exit_code::Exit;
use exitguard::lab::LabError;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            exit_of(&error).into()
        }
    }
}

fn run(arguments: &Arguments) -> Result<Exit> {
    Environment::check()?;
    if let Some(times) = arguments.gaps {
        return gaps::measure(times)?.print(arguments.json);
    }
    if arguments.memory {
        return memory::measure()?.print(arguments.json);
    }
    run::soak(arguments)?.print(arguments.json)
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
        Exit::Negative
    }
}
