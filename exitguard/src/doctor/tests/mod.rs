//! Hosts that are made up.
