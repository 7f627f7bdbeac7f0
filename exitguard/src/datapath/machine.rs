//! What of this machine matters to the guard, for who wants to know it all: nothing here refuses.

use super::pins::is_bpffs_mounted;
use super::probe::{Capability, capabilities, parse_version, release};
use super::raw;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use std::fs;
use std::io;

/// What the `bpf` system call says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BpfSupport {
    /// It knows tcx (Linux 6.6).
    Tcx,
    /// It does not.
    Clsact,
    /// Nothing, to this user.
    NotPermitted,
    /// There is no such call.
    Absent,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Release of its kernel.
    pub release: String,
    /// The numbers in front of it.
    pub version: Option<(u32, u32)>,
    /// What it knows of BPF.
    pub bpf: BpfSupport,
    /// Whether programs are compiled; `None` if the kernel does not say.
    pub has_jit: Option<bool>,
    /// Whether this process is root.
    pub is_root: bool,
    /// What this process may not do, of what `run` needs.
    pub missing: Vec<Capability>,
    /// Whether this process may mount.
    pub may_mount: bool,
    /// Whether the BPF file system is mounted.
    pub has_bpffs: bool,
    /// Bytes that maps may take, where that is limited.
    pub memlock: Option<u64>,
    /// Whether somebody keeps the clock right; `None` if the kernel does not say.
    pub is_clock_kept: Option<bool>,
}

impl Machine {
    /// Looks at this machine.
    pub fn look() -> Self {
        let release = release();
        let version = parse_version(&release);
        let held = capabilities();
        let has = |capability| held.is_none_or(|held| capability_in(held, capability));
        // Root by name, and all powerful in most ways.
        let is_admin = has(Capability::SysAdmin);
        let wanted = [Capability::Bpf, Capability::NetAdmin, Capability::Perfmon];
        let missing = wanted.into_iter().filter(|capability| {
            let covered = is_admin && *capability != Capability::NetAdmin;
            !has(*capability) && !covered
        });
        Self {
            version,
            bpf: bpf_support(),
            has_jit: fs::read_to_string("/proc/sys/net/core/bpf_jit_enable")
                .ok()
                .map(|value| value.trim() != "0"),
            is_root: nix::unistd::geteuid().is_root(),
            missing: missing.collect(),
            may_mount: is_admin,
            has_bpffs: is_bpffs_mounted(),
            memlock: memlock(version, has(Capability::SysResource)),
            is_clock_kept: raw::is_clock_kept(),
            release,
        }
    }
}

fn capability_in(held: u64, capability: Capability) -> bool {
    held & capability.bit() != 0
}

fn bpf_support() -> BpfSupport {
    /// Of `lo`, in every network namespace.
    const LOOPBACK: u32 = 1;
    let answer = raw::tcx_programs(LOOPBACK, raw::TCX_INGRESS);
    match answer.as_ref().map_err(io::Error::raw_os_error) {
        Ok(_) => BpfSupport::Tcx,
        Err(Some(libc::ENOSYS)) => BpfSupport::Absent,
        Err(Some(libc::EPERM)) => BpfSupport::NotPermitted,
        Err(_) => BpfSupport::Clsact,
    }
}

/// Before Linux 5.11 maps count against the limit, which `run` lifts where it may.
fn memlock(version: Option<(u32, u32)>, may_lift: bool) -> Option<u64> {
    let counts = version.is_some_and(|version| version < (5, 11));
    let (limit, _) = getrlimit(Resource::RLIMIT_MEMLOCK).ok()?;
    (counts && !may_lift && limit != RLIM_INFINITY).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_at_this_machine() {
        let machine = Machine::look();
        assert!(machine.version >= Some((5, 10)), "{machine:?}");
        assert_eq!(machine.is_root, nix::unistd::geteuid().is_root());
        assert_ne!(machine.bpf, BpfSupport::Absent);
        assert_eq!(machine.memlock, None);
        assert!(machine.is_clock_kept.is_some());
    }

    #[test]
    fn locked_memory_matters_to_old_kernels_and_who_may_not_lift_it() {
        assert_eq!(memlock(Some((5, 11)), false), None);
        assert_eq!(memlock(Some((5, 10)), true), None);
        let (limit, _) = getrlimit(Resource::RLIMIT_MEMLOCK).unwrap();
        let limited = (limit != RLIM_INFINITY).then_some(limit);
        assert_eq!(memlock(Some((5, 10)), false), limited);
    }
}
