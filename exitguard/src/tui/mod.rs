//! The live screen: what is going on, and keys that change what is in force.
//!
//! A [`model`] holds everything that is shown. [`reduce`] says what comes of an input, [`draw`] what it looks like;
//! neither knows a clock, a terminal or a socket. The [`worker`] asks the daemon, [`app`] brings them together.

mod app;
mod draw;
mod input;
mod model;
mod rates;
mod reduce;
mod services;
mod signals;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod units;
mod watcher;
mod words;
mod worker;

pub use app::{Options, TopError, run};
pub use theme::Theme;
pub use worker::Guarded;
