//! Metrics, for Prometheus and whatever else reads its text format.
//!
//! All of them are read off one [`Status`](crate::control::Status): what it says and what a scrape says is the same.
//! [`text`] renders it, [`Server`] answers over HTTP, at a loopback address or a UNIX socket and nowhere else.

mod encoder;
mod server;
mod status;
#[cfg(test)]
mod tests;

pub use server::Server;
pub use status::text;

/// The format, as HTTP names it.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
