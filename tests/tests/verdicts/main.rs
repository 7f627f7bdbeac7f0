//! One frame at a time through the kernel programs (`BPF_PROG_TEST_RUN`): verdict, every counter, event and flow.
//!
//! Hooks, link layers and modes are crossed with every case; addresses of both families with most. The kernel takes no
//! frame of fewer than 14 bytes here, nor one of more than a page: shorter ones are tests of the parser on the host,
//! super-packets of 64 KiB are end-to-end tests.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod edges;
mod flows;
mod fragments;
mod gso;
mod hits;
mod long;
mod malformed;
mod odd;
mod open;
mod origin;
mod places;
mod reasons;
mod replies;
mod world;
