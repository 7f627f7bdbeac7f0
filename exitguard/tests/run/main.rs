//! The binary on the exit node of a lab, as systemd would run it: its signals, its pipes, its exit codes, and
//! what is left in the kernel of each of its ends.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod apply;
mod audit;
mod blocks;
mod changes;
mod doctor;
mod downloads;
mod event_file;
mod exit_node;
mod gate;
mod kernel;
mod learn;
mod life;
mod lists;
mod metrics;
mod persistence;
mod readers;
mod refusals;
mod reload;
mod status;
mod systemd;
mod watch;

use std::time::{Duration, Instant};

use serde_json::Value;

/// Long enough for a virtual machine on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(180);

/// Looks at a condition until it holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {SOON:?}");
        std::thread::yield_now();
    }
}

/// Whether an event is one of the guard itself, of this name.
fn is_state(event: &Value, name: &str) -> bool {
    event["event_type"] == "state" && event["exitguard"]["event"] == name
}

/// Whether an event is one of a flow to this port, of this name.
fn is_flow(event: &Value, name: &str, port: u16) -> bool {
    event["exitguard"]["event"] == name && event["dest_port"] == port
}
