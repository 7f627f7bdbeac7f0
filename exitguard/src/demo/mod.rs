//! The demo: the daemon in a [`crate::lab`], under a sample policy, with traffic whose fate is known in advance.
//!
//! A [`Scenario`] says what is sent and what is to become of it. [`Demo::run`] sends it through real sockets,
//! hears what the daemon reports, and compares both with what was expected; what came of it is an [`Outcome`],
//! a value that [`text`] and [`json`] render.

mod error;
mod expect;
mod hear;
pub mod json;
mod outcome;
mod run;
mod sample;
mod scenario;
mod send;
#[cfg(test)]
mod tests;
pub mod text;

pub use error::DemoError;
pub use expect::{Expected, Facts, Seen};
pub use hear::Stopper;
pub use outcome::{End, Outcome, Row};
pub use run::Demo;
pub use sample::{Sample, SampleFile};
pub use scenario::{Probe, Scenario};
pub use send::{Bulk, Traffic};
