//! The whole: clients, servers and the daemon of a lab, with real packets through real TUN devices.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod address_change;
mod flow_reports;
mod fragments;
mod gate;
mod guarded;
mod host;
mod interface;
mod lan;
mod nat;
mod observe;
mod reject;
mod reload;
mod stop;
mod super_packets;
mod wire;
mod xdp;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use exitguard::lab::{CLIENT_V4, CLIENT_V6, SERVER_V4, SERVER_V6};

/// Long enough for a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(60);

/// Long enough for an answer in the lab, where nothing is further away than a few microseconds.
const SILENCE: Duration = Duration::from_millis(400);

/// A client and a server, over IPv4 and over IPv6.
const PAIRS: [(IpAddr, IpAddr); 2] = [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)];

const fn at(address: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address, port)
}

/// Looks at a condition until it holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {SOON:?}");
        std::thread::yield_now();
    }
}
