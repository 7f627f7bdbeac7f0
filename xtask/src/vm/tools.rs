//! The programs of this machine that a virtual machine takes.

use anyhow::{Result, bail};
use std::env;
use std::fs;
use std::fs::OpenOptions;
use std::path::Path;

pub(super) const QEMU: &str = "qemu-system-x86_64";

/// Programs, and Debian's packages of them.
const TO_RUN: [(&str, &str); 3] = [
    (QEMU, "qemu-system-x86"),
    ("strip", "binutils"),
    ("ldd", "libc-bin"),
];
const TO_FETCH: [(&str, &str); 5] = [
    ("apt-get", "apt"),
    ("apt-cache", "apt"),
    ("dpkg-deb", "dpkg"),
    ("depmod", "kmod"),
    ("xz", "xz-utils"),
];
/// Where root's programs are, which not everybody has in `PATH`.
const MORE_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Checks for what a virtual machine takes.
///
/// # Errors
/// When something is missing, with what to install.
pub(super) fn check_to_run() -> Result<()> {
    if !cfg!(target_arch = "x86_64") {
        bail!("the kernels and the virtual machine are for x86-64");
    }
    check(&TO_RUN)
}

/// Checks for what it takes to get kernels.
///
/// # Errors
/// When something is missing, with what to install.
pub(super) fn check_to_fetch() -> Result<()> {
    check(&TO_FETCH)
}

fn check(needed: &[(&str, &str)]) -> Result<()> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path)
        .chain(MORE_FOLDERS.map(Into::into))
        .collect();
    let is_missing = |program: &str| !folders.iter().any(|folder| folder.join(program).is_file());
    let missing: Vec<_> = needed
        .iter()
        .filter(|(program, _)| is_missing(program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs: Vec<_> = missing.iter().map(|(program, _)| *program).collect();
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    bail!(
        "found no {}; install with\n  apt-get install --no-install-recommends {}",
        programs.join(", "),
        packages.join(" ")
    );
}

/// Whether this machine's processor can run a guest. `/dev/kvm` alone does not say so: inside of some virtual
/// machines it is there, and guests hang.
pub(super) fn has_kvm() -> bool {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let is_open = || {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(Path::new("/dev/kvm"))
            .is_ok()
    };
    is_virtualizing(&cpu) && is_open()
}

fn is_virtualizing(cpu: &str) -> bool {
    let mut flags = cpu.lines().filter(|line| line.starts_with("flags"));
    flags.any(|line| {
        line.split_whitespace()
            .any(|flag| flag == "vmx" || flag == "svm")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let error = check(&[("sh", "dash"), ("no-such-program", "some-package")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "found no no-such-program; install with\n  apt-get install --no-install-recommends some-package"
        );
    }

    #[test]
    fn a_processor_without_virtualization_runs_no_guest() {
        assert!(is_virtualizing("processor: 0\nflags\t: fpu vmx sse\n"));
        assert!(is_virtualizing("flags\t: fpu svm\n"));
        assert!(!is_virtualizing("flags\t: fpu svm_lock\nbugs: vmx\n"));
    }
}
