//! The documented example: what `exitguard config example` prints. A test reads it.

/// Every key, with its default or a plausible value; those that need a file or a client are comments.
pub const EXAMPLE: &str = include_str!("example.toml");
