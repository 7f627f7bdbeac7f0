//! What can go wrong between us and the kernel.

use aya::maps::MapError;
use std::error::Error;
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
    #[error("cannot load the kernel programs: {}{}", causes(.0), advice(.0))]
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
        error: MapError,
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

/// An error and what caused it, as far as it does not say so itself.
fn causes(error: &aya::EbpfError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text += &format!(": {more}");
        }
        cause = error.source();
    }
    text
}

/// The kernel says the same of a limit as of what is forbidden.
fn advice(error: &aya::EbpfError) -> &'static str {
    match error {
        aya::EbpfError::MapError(MapError::CreateError { io_error, .. })
            if io_error.raw_os_error() == Some(libc::EPERM) =>
        {
            "; before Linux 5.11 the limit on locked memory can be why (`ulimit -l`, LimitMEMLOCK= of a service), elsewhere a filter of system calls"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_of_a_map_is_told_with_what_to_do() {
        let error = |errno| {
            let map = MapError::CreateError {
                name: "STATS".to_owned(),
                io_error: io::Error::from_raw_os_error(errno),
            };
            DatapathError::from(Box::new(aya::EbpfError::MapError(map))).to_string()
        };
        let refused = error(libc::EPERM);
        assert!(
            refused.contains("`STATS`: Operation not permitted"),
            "{refused}"
        );
        assert!(refused.contains("LimitMEMLOCK"), "{refused}");
        let full = error(libc::ENOMEM);
        assert!(
            full.ends_with("Cannot allocate memory (os error 12)"),
            "{full}"
        );
    }
}
