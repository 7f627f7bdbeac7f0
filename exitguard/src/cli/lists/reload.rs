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
        if let Err(errno) = kill(Pid::from_raw(pid), Signal::SIGHUP) {
            eprintln!(
                "exitguard: cannot tell the daemon of {} to reload: {errno}; as root: systemctl reload exitguard",
                pins.interface()
            );
        }
    }
}
