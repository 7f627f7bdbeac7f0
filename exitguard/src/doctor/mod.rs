//! Whether this host is fit for a guard, and the guard for its host: findings, each with what to do.
//!
//! [`gather`] collects [`Facts`] and judges nothing; [`examine`] judges and looks at nothing, so that tests can make
//! up any host. A fact that cannot be had is unknown, which is not a problem by itself.

mod checks;
mod facts;
mod finding;
mod gather;
#[cfg(test)]
mod tests;
mod text;

pub use checks::examine;
pub use facts::{
    Daemon, Facts, Guarded, ListFacts, ListState, NetworkFacts, Node, Policy, Prefs, Program,
    Tailscale, TailscaleStatus,
};
pub use finding::{Finding, State};
pub use gather::gather;
pub use text::{count, text};
