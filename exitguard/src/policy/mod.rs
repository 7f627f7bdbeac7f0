//! The policy in compiled form, and how it gets there.
//!
//! Configuration, lists and the host's network go in; [`Compiled`] comes out: plain tables that the
//! datapath copies into maps, and that [`exitguard_common::policy::evaluate`] can be asked about here as
//! well. `explain` and the kernel therefore share every step after this room.

mod client;
mod client_names;
mod compile;
mod interval;
mod layers;
mod network;
mod never_block;
mod overlay;
mod ports;
mod sample;
mod tables;

pub use compile::{CompileError, TAILNET, compile};
pub use interval::{Address, Interval, merge, subtract};
pub use network::Network;
pub use never_block::{Collision, NeverBlocked, collisions, never_blocked, short};
pub use overlay::{Effect, Overlay, OverlayEntry, Override};
pub use ports::PortSet;
pub use sample::Sampled;
pub use tables::{Compiled, Labels, ListHit, list_id};

#[cfg(test)]
mod tests;
