//! Word to systemd (`sd_notify(3)`), if it started us with `Type=notify`; to nobody otherwise.

use sd_notify::{NotifyState, notify};

/// The policy is in force, or will be when the interface is there.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// What `systemctl status` shows.
pub(super) fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// The guard was looked at, and is as it should be. Without this for a while, systemd restarts us.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// We are about to end.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    // Whoever does not listen misses nothing that is not told elsewhere.
    let _ = notify(states);
}
