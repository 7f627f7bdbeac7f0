//! Many clients with many flows, put into the TUN as frames: no client is needed for that.

use crate::policies::listed;
use crate::site::Site;
use anyhow::Result;
use etherparse::PacketBuilder;
use exitguard::lab::{FrameHeader, SERVER_V4, Tun};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::thread;
use std::time::{Duration, Instant};

/// At once.
pub(super) const FLOWS: usize = 100_000;
/// Each has flows to some ports.
const CLIENTS: u32 = 20_000;
/// A flow is silent for so long, at most: less than half of what ends it.
const ROUND: Duration = Duration::from_secs(20);
/// Frames at once.
const BATCH: u32 = 250;
/// The exit node forwards none of it.
const HOPS: u8 = 1;

/// Opens as many flows, to other ports, and ends each at once.
pub(super) fn come_and_go(site: &Site) -> Result<()> {
    round(site.lab.exit_tun()?, 7_000, true, || true)
}

/// Keeps all flows open until it says no.
pub(super) fn stay(tun: &Tun, goes_on: impl Fn() -> bool) -> Result<()> {
    while goes_on() {
        round(tun, 5_000, false, &goes_on)?;
    }
    Ok(())
}

/// One packet of every flow.
fn round(tun: &Tun, first_port: u16, ends: bool, goes_on: impl Fn() -> bool) -> Result<()> {
    let start = Instant::now();
    let flows = FLOWS as u32;
    for number in 0..flows {
        if number.is_multiple_of(BATCH) {
            let due = start + ROUND * number / flows;
            while let Some(left) = due.checked_duration_since(Instant::now()) {
                if left.is_zero() {
                    break;
                }
                thread::park_timeout(left);
            }
            if !goes_on() {
                return Ok(());
            }
        }
        tun.send(&frame(number, first_port, ends)?)?;
    }
    Ok(())
}

/// The first packet of a connection, every other one to a destination that is on the list.
fn frame(number: u32, first_port: u16, ends: bool) -> Result<Vec<u8>> {
    let (client, port) = (number % CLIENTS, number / CLIENTS);
    let port = first_port + u16::try_from(port)?;
    let [.., high, low] = (0x1000 + client).to_be_bytes();
    let ip = match SERVER_V4 {
        IpAddr::V4(server) if number.is_multiple_of(2) => {
            let client = Ipv4Addr::new(100, 65, high, low);
            PacketBuilder::ipv4(client.octets(), server.octets(), HOPS)
        }
        _ => {
            let [a, b] = [0x1000 + (client >> 16), client & 0xffff].map(|it| it as u16);
            let client = Ipv6Addr::new(0xfd7a, 0x115c, 0xa1e0, 0, 0, 0, a, b);
            PacketBuilder::ipv6(client.octets(), listed(number).octets(), HOPS)
        }
    };
    let tcp = ip.tcp(40_000, port, 1, 0x1000).syn();
    let tcp = if ends { tcp.rst() } else { tcp };
    let mut packet = FrameHeader::default().to_bytes().to_vec();
    tcp.write(&mut packet, &[])?;
    Ok(packet)
}
