//! Why the daemon cannot start.

use crate::config::ConfigError;
use crate::datapath::DatapathError;
use crate::diagnostic::Diagnostic;
use crate::host::HostError;
use crate::lists::ListError;
use crate::policy::CompileError;
use std::io;

/// Why the daemon cannot start, or has to end.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A blocklist.
    #[error(transparent)]
    List(#[from] ListError),
    /// The command line took the name away that the gate needs.
    #[error("`fail = \"closed\"` is not possible with `--interface auto`; name the interface")]
    GateWithoutName,
    /// Together they do not fit.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The host's network.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The kernel.
    #[error(transparent)]
    Datapath(#[from] DatapathError),
    /// The event loop.
    #[error("cannot wait for events: {0}")]
    Wait(#[source] io::Error),
}

impl DaemonError {
    /// What is wrong with files, where it is wrong.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Config(ConfigError::Invalid { diagnostics, .. }) => diagnostics,
            Self::List(error) => error.diagnostics(),
            _ => &[],
        }
    }
}
