//! The policy in the kernel. The only room that knows aya.
//!
//! A policy becomes a [`Loaded`] object: maps filled, programs verified, nothing attached. A [`Guard`]
//! puts one in force on a device and replaces it by the next: everything is built aside, then one atomic
//! switch a hook. State (flows, counters, events) lives in pinned maps that all generations share, and
//! the links are pinned too, so that enforcement outlives the daemon.

mod ask;
mod attach;
mod attached;
mod error;
mod events;
mod flows;
mod guard;
mod hits;
mod machine;
mod object;
mod pins;
mod probe;
mod raw;
mod runtime;
mod stats;
mod tables;
mod test_run;
mod verifier;

pub use ask::Disagreement;
pub use attach::Hook;
pub use attached::{Attached, is_ours, program_names, tcx_programs};
pub use error::DatapathError;
pub use events::{EventSource, read_event};
pub use flows::ReadFlows;
pub use guard::{Guard, Setup, off};
pub use machine::{BpfSupport, Machine};
pub use object::{LoadSettings, Loaded, OBJECT};
pub use pins::{PIN_ROOT, PinDir};
pub use probe::{Capability, Environment, MIN_KERNEL};
pub use raw::{awaitable, keep_no_long_buffers};
pub use test_run::{Outcome, TestFrame};
pub use verifier::verified_instructions;
