//! What can go wrong between us and the kernel.

use std::io;
use std::path::PathBuf;

/// Why the kernel does not do what it was asked. Each says what was being done to what.
#[derive(Debug, thiserror::Error)]
pub enum DatapathError {
    /// The process may not do this.
    #[error(
        "not permitted to {what}; run as root, or with the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"
    )]
    NotPermitted {
        /// What was tried.
        what: &'static str,
    },
    /// The kernel is older than what the programs need.
    #[error("Linux {found} is too old: exitguard needs {needed} or newer")]
    KernelTooOld {
        /// What runs here.
        found: String,
        /// What is needed.
        needed: &'static str,
    },
    /// The BPF file system is missing and cannot be mounted.
    #[error("there is no BPF file system at {}, and mounting one failed: {error}; try `mount -t bpf bpf {}`", path.display(), path.display())]
    NoBpffs {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A pin could not be made, read or removed.
    #[error("cannot {action} {}: {error}", path.display())]
    Pin {
        /// What was tried.
        action: &'static str,
        /// The pin.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another daemon guards the interface.
    #[error("exitguard is guarding {interface} already (process {pid}); stop it first")]
    AlreadyRunning {
        /// The interface.
        interface: String,
        /// Its process.
        pid: String,
    },
    /// The object could not be loaded.
    #[error("cannot load the kernel programs: {0}")]
    Load(#[from] Box<aya::EbpfError>),
    /// The kernel's verifier, or the system, refused a program.
    #[error("the kernel refused program {program}: {error}")]
    Program {
        /// Its name.
        program: &'static str,
        /// What the kernel said.
        error: Box<aya::programs::ProgramError>,
    },
    /// The object lacks something: it and this binary are not of one build.
    #[error("the object has no {what} {name}")]
    Missing {
        /// `map` or `program`.
        what: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A map could not be used.
    #[error("map {map}: {error}")]
    Map {
        /// Its name.
        map: &'static str,
        /// What aya said.
        error: aya::maps::MapError,
    },
    /// A map could not be read or written in bulk.
    #[error("cannot {action} map {map}: {error}")]
    Bulk {
        /// What was tried.
        action: &'static str,
        /// Its name.
        map: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
    /// A program could not be put on its hook.
    #[error("cannot attach to {interface}: {error}")]
    Attach {
        /// The interface.
        interface: String,
        /// What the kernel said.
        error: Box<aya::programs::ProgramError>,
    },
    /// A link could not be pinned or taken over.
    #[error("cannot pin the link at {}: {error}", path.display())]
    Link {
        /// The pin.
        path: PathBuf,
        /// What aya said.
        error: String,
    },
}
