//! What is on a device: asked of the kernel, not remembered.

use super::attach::{Hook, errno};
use super::error::DatapathError;
use super::guard::Guard;
use super::raw::{self, TCX_EGRESS, TCX_INGRESS};
use aya::programs::loaded_programs;
use exitguard_common::abi::programs;
use std::collections::BTreeMap;

/// The programs on a device, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attached {
    programs: Vec<u32>,
}

impl Attached {
    /// Looks at a device. `others` are the programs on it that netlink tells of.
    ///
    /// # Errors
    /// Without the privilege (`CAP_NET_ADMIN`).
    pub fn on(device: u32, others: &[u32]) -> Result<Self, DatapathError> {
        let mut programs = others.to_vec();
        for hook in [TCX_INGRESS, TCX_EGRESS] {
            match raw::tcx_programs(device, hook) {
                Ok(found) => programs.extend(found),
                Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
                    return Err(NOT_PERMITTED);
                }
                // Before Linux 6.6 there is nothing to ask for; of a device that is gone, neither.
                Err(_) => {}
            }
        }
        Ok(Self { programs })
    }

    /// Whether packets of clients are judged on their way out, by whatever policy.
    ///
    /// # Errors
    /// Without the privilege to ask for names (`CAP_SYS_ADMIN`).
    pub fn is_guarded(&self) -> Result<bool, DatapathError> {
        for program in loaded_programs() {
            match program {
                Ok(program) if self.programs.contains(&program.id()) => {
                    let name = program.name_as_str().unwrap_or_default();
                    if [programs::TC_OUTBOUND, programs::XDP_OUTBOUND].contains(&name) {
                        return Ok(true);
                    }
                }
                Err(error) if errno(&error) == Some(libc::EPERM) => return Err(NOT_PERMITTED),
                // Another one, or one that was unloaded meanwhile.
                _ => {}
            }
        }
        Ok(false)
    }
}

/// Whether a program judges packets for an exitguard, by its name.
pub fn is_ours(name: &str) -> bool {
    [
        programs::TC_OUTBOUND,
        programs::TC_INBOUND,
        programs::XDP_OUTBOUND,
    ]
    .contains(&name)
}

/// Names of all programs in the kernel, by their numbers.
///
/// # Errors
/// Without the privilege (`CAP_SYS_ADMIN`).
pub fn program_names() -> Result<BTreeMap<u32, String>, DatapathError> {
    let mut names = BTreeMap::new();
    for program in loaded_programs() {
        match program {
            Ok(program) => {
                let name = program.name_as_str().unwrap_or_default();
                names.insert(program.id(), name.to_owned());
            }
            Err(error) if errno(&error) == Some(libc::EPERM) => return Err(NOT_PERMITTED),
            // One that was unloaded meanwhile.
            Err(_) => {}
        }
    }
    Ok(names)
}

/// Numbers of the programs of tcx links on a device, at ingress and at egress, in the order in which they run.
pub fn tcx_programs(device: u32) -> [Vec<u32>; 2] {
    // Before Linux 6.6 there is nothing to ask for; of a device that is gone, neither.
    [TCX_INGRESS, TCX_EGRESS].map(|hook| raw::tcx_programs(device, hook).unwrap_or_default())
}

const NOT_PERMITTED: DatapathError = DatapathError::NotPermitted {
    what: "ask for the BPF programs of an interface",
};

impl Guard {
    /// The hooks of its device where its programs are not.
    ///
    /// # Errors
    /// When the kernel does not tell the numbers of our own programs.
    pub fn missing(&mut self, attached: &Attached) -> Result<Vec<Hook>, DatapathError> {
        let mut missing = Vec::new();
        for hook in self.setup().hooks() {
            let ours = self.loaded().program_id(hook)?;
            if !attached.programs.contains(&ours) {
                missing.push(hook);
            }
        }
        Ok(missing)
    }
}
