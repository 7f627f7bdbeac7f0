//! Kernel, privileges, clock.

use super::AS_ROOT;
use crate::datapath::{BpfSupport, MIN_KERNEL, Machine};
use crate::doctor::Finding;

/// What the programs need at least, with few lists.
const FEW_BYTES: u64 = 64 << 20;

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    let findings = [
        Some(kernel(machine)),
        jit(machine),
        Some(privileges(machine)),
        Some(bpffs(machine)),
        memlock(machine),
        Some(clock(machine)),
    ];
    findings.into_iter().flatten().collect()
}

fn kernel(machine: &Machine) -> Finding {
    const NAME: &str = "kernel";
    let release = &machine.release;
    let is_before = |version| machine.version.is_some_and(|found| found < version);
    if is_before((5, 10)) {
        let found = format!("Linux {release} is too old");
        return Finding::problem(NAME, found, &format!("install {MIN_KERNEL} or newer"));
    }
    let how = match machine.bpf {
        BpfSupport::Absent => {
            let found = format!("Linux {release} has no BPF");
            let remedy = "boot a kernel with CONFIG_BPF_SYSCALL, as those of distributions are";
            return Finding::problem(NAME, found, remedy);
        }
        BpfSupport::Tcx => "programs attach by tcx",
        BpfSupport::Clsact => "programs attach by clsact, as always before 6.6",
        // The version tells, if nothing else may.
        BpfSupport::NotPermitted if is_before((6, 6)) => "programs attach by clsact",
        BpfSupport::NotPermitted => "programs attach by tcx",
    };
    let slow = if is_before((6, 2)) {
        "; TUNs take UDP in single packets, as always before 6.2"
    } else {
        ""
    };
    Finding::ok(NAME, format!("Linux {release}; {how}{slow}"))
}

fn jit(machine: &Machine) -> Option<Finding> {
    (machine.has_jit == Some(false)).then(|| {
        Finding::advice(
            "jit",
            "programs are interpreted, which makes every packet cost more",
            "sysctl -w net.core.bpf_jit_enable=1, and the same in a file of /etc/sysctl.d",
        )
    })
}

fn privileges(machine: &Machine) -> Finding {
    const NAME: &str = "privileges";
    let missing: Vec<&str> = machine.missing.iter().map(|one| one.name()).collect();
    match (missing.as_slice(), machine.is_root) {
        ([], _) => Finding::ok(NAME, "enough to guard"),
        (_, true) => Finding::problem(
            NAME,
            format!("root lacks {}", missing.join(", ")),
            "give them to the container or service that this runs in",
        ),
        (_, false) => Finding::unknown(
            NAME,
            "this user is not root, and sees little of the guard",
            AS_ROOT,
        ),
    }
}

fn bpffs(machine: &Machine) -> Finding {
    const NAME: &str = "bpffs";
    const REMEDY: &str = "mount -t bpf bpf /sys/fs/bpf";
    match (machine.has_bpffs, machine.may_mount) {
        (true, _) => Finding::ok(NAME, "mounted at /sys/fs/bpf"),
        (false, true) => Finding::advice(
            NAME,
            "not mounted at /sys/fs/bpf; `run` as root mounts it, a service with few capabilities cannot",
            REMEDY,
        ),
        (false, false) if machine.is_root => {
            Finding::problem(NAME, "not mounted at /sys/fs/bpf", REMEDY)
        }
        (false, false) => Finding::unknown(NAME, "not seen at /sys/fs/bpf by this user", AS_ROOT),
    }
}

fn memlock(machine: &Machine) -> Option<Finding> {
    const NAME: &str = "memlock";
    const REMEDY: &str = "add CAP_SYS_RESOURCE, or LimitMEMLOCK=infinity in the service";
    let limit = machine.memlock.filter(|_| machine.is_root)?;
    let found = format!("maps may take no more than {limit} bytes on this kernel");
    Some(if limit < FEW_BYTES {
        Finding::problem(NAME, found, REMEDY)
    } else {
        Finding::advice(NAME, found, REMEDY)
    })
}

fn clock(machine: &Machine) -> Finding {
    const NAME: &str = "clock";
    match machine.is_clock_kept {
        Some(true) => Finding::ok(NAME, "synchronised"),
        Some(false) => Finding::advice(
            NAME,
            "nobody tells the kernel that the clock is right: events may bear wrong times",
            "run systemd-timesyncd or chrony; in a virtual machine whose host keeps the clock, that may be as it should be",
        ),
        None => Finding::unknown(NAME, "the kernel does not say", "look with `timedatectl`"),
    }
}
