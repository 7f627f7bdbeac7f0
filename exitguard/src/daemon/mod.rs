//! The daemon: puts a policy in force, keeps it in force, and tells what happens.
//!
//! Order of the start, each step needing the one before:
//! 1. read configuration and lists: whoever wrote them wrong learns it before anything is touched;
//! 2. check what kernel and process can do: whoever may not guard learns it before a device is waited for;
//! 3. listen for changes of the network, then look at it: nothing is missed in between;
//! 4. find the device, or wait for it;
//! 5. compile, load, attach: from here on the policy is in force, with or without us;
//! 6. report.

mod desired;
mod error;
mod flows;
mod reporter;
mod search;
mod sight;
mod start;
mod status;
mod supervisor;
mod systemd;
#[cfg(test)]
mod tests;

pub use desired::{Desired, Overrides, PolicyFiles};
pub use error::DaemonError;
pub use reporter::Reporter;
pub use start::{Command, Settings, run};
