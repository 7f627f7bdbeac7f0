//! How much the kernel's verifier has to look at in a program. It gives up at a million instructions, and how many it
//! takes depends on the kernel.

use super::error::DatapathError;
use super::object::{LoadSettings, Loaded};
use super::pins::PinDir;
use crate::policy::Compiled;
use aya::VerifierLogLevel;
use aya::programs::ProgramError;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Has a program verified, and says how many instructions were looked at, if the kernel does. For tests:
/// nothing else in this process may open files meanwhile.
///
/// Before Linux 5.16 only the verifier's log tells, and only of a program that was refused do we get to see it. So this
/// one is refused, after all of it was verified: there is no descriptor left for it.
///
/// # Errors
/// When the object cannot be loaded, or the limit of descriptors not be changed.
pub fn verified_instructions(
    program: &'static str,
    policy: &Compiled,
    load: LoadSettings,
    pins: &PinDir,
) -> Result<Option<u64>, DatapathError> {
    let mut loaded = Loaded::told(VerifierLogLevel::STATS, policy, load, pins)?;
    let verify = || loaded.verify(&[program]);
    let refused = without_descriptors(verify).map_err(|error| DatapathError::Pin {
        action: "open",
        path: "/dev/null".into(),
        error,
    })?;
    match refused {
        Err(DatapathError::Program { program, error }) => match *error {
            ProgramError::LoadError {
                io_error,
                verifier_log,
            } if io_error.raw_os_error() == Some(libc::EMFILE) => {
                Ok(processed(&verifier_log.to_string()))
            }
            _ => Err(DatapathError::Program { program, error }),
        },
        other => other.map(|()| None),
    }
}

/// Does something while this process can open no more files.
fn without_descriptors<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    // The lowest that is free is the next one to be given out.
    let free = File::open("/dev/null")?.as_raw_fd();
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, free as u64, hard)?;
    let done = work();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?;
    Ok(done)
}

/// The number in "processed 71234 insns (limit 1000000) …".
fn processed(log: &str) -> Option<u64> {
    let (_, rest) = log.rsplit_once("processed ")?;
    rest.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_read_from_the_end_of_the_log() {
        let log = "verification time 1234 usec\nstack depth 0+64\n\
                   processed 71234 insns (limit 1000000) max_states_per_insn 4 total_states 9\n";
        assert_eq!(processed(log), Some(71_234));
        assert_eq!(processed(""), None);
    }
}
