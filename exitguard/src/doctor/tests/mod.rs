//! Hosts that are made up.

mod findings;
mod host;
mod local_api;
