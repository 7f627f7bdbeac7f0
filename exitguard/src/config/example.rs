//! The documented example: what `exitguard config example` prints. A test reads it.

/// Every key, with its default or a plausible value.
pub const EXAMPLE: &str = include_str!("example.toml");
