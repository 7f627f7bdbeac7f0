//! What has to hold for any bytes: one function a fuzz target.
//!
//! The targets in `fuzz/` only call these, with bytes that a fuzzer makes up; the test `replay` calls them with all
//! that is kept in `fuzz/corpus/` and `fuzz/crashes/`, on any toolchain. A function that panics has found something.

mod config;
mod control;
mod events;
mod filter;
mod input;
mod lists;
mod packets;
mod ranges;
mod relays;
mod replies;
mod sum;

/// A fuzz target: its name, which is that of its folders, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 13] = [
    ("config", config::config),
    ("control", control::control),
    ("event", events::event),
    ("filter", filter::filter),
    ("gzip", lists::gzip),
    ("list", lists::list),
    ("list_format", lists::list_format),
    ("packet_l2", packets::ethernet),
    ("packet_l3", packets::raw_ip),
    ("ranges", ranges::ranges),
    ("record", lists::record),
    ("relays", relays::relays),
    ("reply", replies::reply),
];

/// Does what a target does.
pub fn run(target: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    assert!(found.is_some(), "there is no target {target}");
    if let Some((_, run)) = found {
        run(bytes);
    }
}
