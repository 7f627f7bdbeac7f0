//! exitguard's userspace: everything but the parsing of its command line lives here, so that the tests
//! and the demo drive the same code as the binary.
//!
//! Rooms, in the order in which a policy passes them: [`config`] and [`lists`] are read, [`policy`]
//! compiles them, [`datapath`] (the only room that knows aya) puts them into the kernel; the [`daemon`]
//! runs it all, and the [`tui`] shows it. The [`demo`] runs the daemon in turn, in a [`lab`].

mod atomic_file;
pub mod audit;
pub mod changes;
pub mod config;
pub mod control;
pub mod daemon;
pub mod datapath;
pub mod demo;
pub mod diagnostic;
pub mod doctor;
pub mod exit_code;
pub mod explain;
pub mod filter;
pub mod host;
pub mod kept_file;
pub mod lab;
pub mod learn;
pub mod lists;
pub mod metrics;
pub mod output;
pub mod policy;
pub mod state;
pub mod tui;
