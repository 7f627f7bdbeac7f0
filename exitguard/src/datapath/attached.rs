//! What is on a device: asked of the kernel, not remembered.

use super::attach::{Hook, errno};
use super::error::DatapathError;
use super::guard::Guard;
use aya::programs::tc::TcAttachType;
use aya::programs::{ProgramError, ProgramInfo, SchedClassifier, loaded_programs};
use exitguard_common::abi::programs;

/// The programs of a guard on a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attached {
    /// Their numbers and names.
    programs: Vec<(u32, String)>,
}

impl Attached {
    /// Looks at a device. `others` are the programs on it that netlink tells of.
    ///
    /// # Errors
    /// Without the privilege.
    pub fn on(interface: &str, others: &[u32]) -> Result<Self, DatapathError> {
        let mut programs = Vec::new();
        for hook in [TcAttachType::Ingress, TcAttachType::Egress] {
            match SchedClassifier::query_tcx(interface, hook) {
                Ok((_, infos)) => programs.extend(infos.iter().map(named)),
                Err(error) if is_not_permitted(&error) => return Err(NOT_PERMITTED),
                // Before Linux 6.6 there is nothing to ask for; of a device that is gone, neither.
                Err(_) => {}
            }
        }
        if others.is_empty() {
            return Ok(Self { programs });
        }
        for info in loaded_programs() {
            match info {
                Ok(info) if others.contains(&info.id()) => programs.push(named(&info)),
                Err(error) if is_not_permitted(&error) => return Err(NOT_PERMITTED),
                // Another one, or one that was unloaded meanwhile.
                _ => {}
            }
        }
        Ok(Self { programs })
    }

    /// Whether packets of clients are judged on their way out, by whatever policy.
    pub fn is_guarded(&self) -> bool {
        let names = [programs::TC_OUTBOUND, programs::XDP_OUTBOUND];
        self.programs
            .iter()
            .any(|(_, name)| names.contains(&name.as_str()))
    }

    fn has(&self, id: u32) -> bool {
        self.programs.iter().any(|(known, _)| *known == id)
    }
}

const NOT_PERMITTED: DatapathError = DatapathError::NotPermitted {
    what: "ask for the BPF programs of an interface",
};

fn is_not_permitted(error: &ProgramError) -> bool {
    errno(error) == Some(libc::EPERM)
}

fn named(info: &ProgramInfo) -> (u32, String) {
    let name = info.name_as_str().unwrap_or_default().to_owned();
    (info.id(), name)
}

impl Guard {
    /// The hooks of its device where its programs are not.
    ///
    /// # Errors
    /// When the kernel does not tell the numbers of our own programs.
    pub fn missing(&mut self, attached: &Attached) -> Result<Vec<Hook>, DatapathError> {
        let mut missing = Vec::new();
        for hook in self.setup().hooks() {
            if !attached.has(self.loaded().program_id(hook)?) {
                missing.push(hook);
            }
        }
        Ok(missing)
    }
}
