//! Tells the daemon that there is something new to read.

use exitguard::datapath::PinDir;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Tells every daemon of this network namespace to reload, as `systemctl reload` does. One that is not
/// running reads the lists when it starts.
pub(super) fn reload() {
    let Ok(guarded) = PinDir::existing() else {
        eprintln!(
            "exitguard: not permitted to look for a running daemon; as root: systemctl reload exitguard"
        );
        return;
    };
    for pins in guarded {
        let Some(pid) = pins.holder().and_then(|pid| i32::try_from(pid).ok()) else {
            continue;
        };
        if !awaits_hangup(pid) {
            continue;
        }
        if let Err(errno) = kill(Pid::from_raw(pid), Signal::SIGHUP) {
            eprintln!(
                "exitguard: cannot tell the daemon of {} to reload: {errno}; as root: systemctl reload exitguard",
                pins.interface()
            );
        }
    }
}

/// Whether a process has a use for SIGHUP. It ends all others, such as an `exitguard off` at work.
fn awaits_hangup(pid: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    // Bit 0 stands for signal 1.
    caught.is_some_and(|caught| caught >> (Signal::SIGHUP as u32 - 1) & 1 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_a_hangup_would_end_is_left_alone() {
        // This one catches nothing but faults; nobody has this number.
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(!awaits_hangup(own));
        assert!(!awaits_hangup(i32::MAX));
    }
}
