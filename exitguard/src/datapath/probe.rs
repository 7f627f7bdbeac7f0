//! What this kernel and this process can do.

use super::error::DatapathError;

/// The oldest kernel the programs are made for: ring buffer (5.8), boot clock (5.8), batches (5.6), XDP
/// links (5.9); and the oldest one they are tested on.
pub const MIN_KERNEL: &str = "5.10";
const MIN_VERSION: (u32, u32) = (5, 10);

/// Facts about the machine that decide how programs are loaded.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    /// Before 5.11 maps count against `RLIMIT_MEMLOCK`.
    pub counts_memlock: bool,
}

impl Environment {
    /// Checks what has to hold before anything is loaded.
    ///
    /// # Errors
    /// When the kernel is too old or the process may not load programs.
    pub fn check() -> Result<Self, DatapathError> {
        let release = release();
        let version = parse_version(&release);
        // A release that cannot be read is not a reason to refuse: loading will tell.
        if version.is_some_and(|version| version < MIN_VERSION) {
            return Err(DatapathError::KernelTooOld {
                found: release,
                needed: MIN_KERNEL,
            });
        }
        if let Some(capabilities) = capabilities()
            && !may_load(capabilities)
        {
            return Err(DatapathError::NotPermitted {
                what: "load BPF programs",
            });
        }
        Ok(Self {
            counts_memlock: version.is_some_and(|version| version < (5, 11)),
        })
    }

    /// Lifts the limit on locked memory where maps count against it.
    pub(super) fn lift_memlock(self) {
        use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
        if self.counts_memlock {
            // Without CAP_SYS_RESOURCE this fails; then a map that is too large says so itself.
            let _ = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
        }
    }
}

/// Of this kernel.
pub(super) fn release() -> String {
    nix::sys::utsname::uname()
        .map(|name| name.release().to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// What this process may do, a bit each.
pub(super) fn capabilities() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    parse_capabilities(&status)
}

pub(super) fn parse_version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn parse_capabilities(status: &str) -> Option<u64> {
    let hex = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(hex.trim(), 16).ok()
}

/// A capability, by its number in linux/capability.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Devices, filters, rules.
    NetAdmin = 12,
    /// Everything that has no capability of its own.
    SysAdmin = 21,
    /// Limits.
    SysResource = 24,
    /// What the verifier permits programs that may look into the kernel.
    Perfmon = 38,
    /// Programs and maps.
    Bpf = 39,
}

impl Capability {
    /// As a mask.
    pub(super) const fn bit(self) -> u64 {
        1 << self as u64
    }

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetAdmin => "CAP_NET_ADMIN",
            Self::SysAdmin => "CAP_SYS_ADMIN",
            Self::SysResource => "CAP_SYS_RESOURCE",
            Self::Perfmon => "CAP_PERFMON",
            Self::Bpf => "CAP_BPF",
        }
    }
}

fn may_load(capabilities: u64) -> bool {
    let has = |capability: Capability| capabilities & capability.bit() != 0;
    has(Capability::NetAdmin)
        && (has(Capability::SysAdmin) || has(Capability::Bpf) && has(Capability::Perfmon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_releases_as_distributions_write_them() {
        for (release, version) in [
            ("5.10.0-46-cloud-amd64", Some((5, 10))),
            ("6.18.44-fc-v595", Some((6, 18))),
            ("7.3.4+deb13-cloud-amd64", Some((7, 3))),
            ("6", None),
            ("", None),
        ] {
            assert_eq!(parse_version(release), version, "{release}");
        }
    }

    #[test]
    fn knows_which_capabilities_are_enough() {
        assert!(may_load(
            parse_capabilities("Name:\tx\nCapEff:\t000001ffffffffff\n").unwrap()
        ));
        assert!(!may_load(0));
        assert!(may_load(1 << 12 | 1 << 39 | 1 << 38));
        assert!(!may_load(1 << 39 | 1 << 38));
        assert!(!may_load(1 << 12 | 1 << 39));
        assert_eq!(parse_capabilities("nothing"), None);
    }
}
