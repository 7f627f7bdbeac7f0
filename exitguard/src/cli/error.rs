//! Errors to people: what failed, why, what to do; and the exit code.

use super::daemon::{Cut, NoAnswer};
use exitguard::config::{ConfigError, DEFAULT_PATH};
use exitguard::daemon::DaemonError;
use exitguard::datapath::DatapathError;
use exitguard::demo::DemoError;
use exitguard::diagnostic::Diagnostic;
use exitguard::exit_code::Exit;
use exitguard::lab::LabError;
use std::io::{self, IsTerminal};
use std::path::Path;

/// Prints an error to stderr and says how to exit.
pub(super) fn report(error: &anyhow::Error) -> Exit {
    let demo = error.downcast_ref::<DemoError>();
    let of_demo = match demo {
        Some(DemoError::Daemon(known)) => Some(known),
        _ => None,
    };
    let Some(known) = error.downcast_ref::<DaemonError>().or(of_demo) else {
        eprintln!("exitguard: {error:#}");
        if let Some(error) = demo {
            return exit_of_demo(error);
        }
        if let Some(no_answer) = error.downcast_ref::<NoAnswer>() {
            return no_answer.exit();
        }
        if error.is::<Cut>() {
            return Exit::Negative;
        }
        return if error.is::<Usage>() {
            Exit::Usage
        } else {
            Exit::Internal
        };
    };
    show(known.diagnostics());
    eprintln!("exitguard: {known}");
    if let DaemonError::Config(ConfigError::Read { path, error }) = known
        && error.kind() == io::ErrorKind::NotFound
        && path == Path::new(DEFAULT_PATH)
    {
        eprintln!(
            "exitguard: write one with `exitguard config example > {DEFAULT_PATH}`, or name another with --config"
        );
    }
    exit_of(known)
}

/// Something typed that makes no sense, found after clap was content.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

/// Prints diagnostics to stderr, with the lines they are about.
pub(super) fn show(diagnostics: &[Diagnostic]) {
    let color = io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    for diagnostic in diagnostics {
        eprintln!("{}\n", diagnostic.render(color));
    }
}

fn exit_of_demo(error: &DemoError) -> Exit {
    match error {
        DemoError::Lab(error) => {
            if matches!(error, LabError::NotPermitted { .. }) {
                eprintln!("exitguard: run it as root: sudo exitguard demo");
            }
            Exit::Unsupported
        }
        DemoError::Daemon(error) => exit_of(error),
        DemoError::Sample(_) => Exit::Unsupported,
        DemoError::Silent(_) => Exit::Internal,
    }
}

const fn exit_of(error: &DaemonError) -> Exit {
    match error {
        DaemonError::Config(_)
        | DaemonError::List(_)
        | DaemonError::GateWithoutName
        | DaemonError::Compile(_) => Exit::Usage,
        DaemonError::Host(_) => Exit::Unsupported,
        DaemonError::Datapath(error) => match error {
            DatapathError::NotPermitted { .. }
            | DatapathError::KernelTooOld { .. }
            | DatapathError::NoBpffs { .. }
            | DatapathError::Pin { .. }
            | DatapathError::AlreadyRunning { .. }
            | DatapathError::Load(_)
            | DatapathError::Program { .. }
            | DatapathError::Attach { .. }
            | DatapathError::Link { .. }
            | DatapathError::Bulk { .. } => Exit::Unsupported,
            DatapathError::Missing { .. } | DatapathError::Map { .. } => Exit::Internal,
        },
        DaemonError::Wait(_) => Exit::Internal,
    }
}
