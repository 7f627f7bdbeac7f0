//! A relay that counts what its frames are on the wire: super-packets as the segments they stand for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use exitguard::lab::{FrameHeader, Lab, MAX_FRAME_BYTES, Tun};
use exitguard_common::abi::Counters;

use crate::stop::Stop;

/// Source, destination and destination port: of a flow, either way has its own.
pub(crate) type Way = (IpAddr, IpAddr, u16);

/// What went one way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Segments, and bytes from the IP header on.
    pub(crate) wire: Counters,
    /// Frames that were more than one segment.
    pub(crate) super_packets: u64,
    /// The longest frame, in bytes from the IP header on.
    pub(crate) longest_frame: usize,
    /// The longest segment, likewise.
    pub(crate) longest_segment: usize,
}

/// What a relay saw.
#[derive(Debug, Default)]
pub(crate) struct Wire(Mutex<HashMap<Way, Seen>>);

impl Wire {
    pub(crate) fn seen(&self, from: IpAddr, to: IpAddr, port: u16) -> Seen {
        let all = self.0.lock().unwrap();
        all.get(&(from, to, port)).copied().unwrap_or_default()
    }

    fn count(&self, frame: &[u8]) {
        let (header, packet) = FrameHeader::split(frame).unwrap();
        let Ok(sliced) = SlicedPacket::from_ip(packet) else {
            return;
        };
        let (source, destination): (IpAddr, IpAddr) = match &sliced.net {
            Some(NetSlice::Ipv4(ip)) => {
                let ip = ip.header();
                (ip.source_addr().into(), ip.destination_addr().into())
            }
            Some(NetSlice::Ipv6(ip)) => {
                let ip = ip.header();
                (ip.source_addr().into(), ip.destination_addr().into())
            }
            _ => return,
        };
        let (port, payload) = match &sliced.transport {
            Some(TransportSlice::Tcp(tcp)) => (tcp.destination_port(), tcp.payload().len()),
            Some(TransportSlice::Udp(udp)) => (udp.destination_port(), udp.payload().len()),
            _ => return,
        };
        let headers = packet.len() - payload;
        let segment = match usize::from(header.gso_size) {
            0 => payload,
            size => size.min(payload),
        };
        let segments = payload.div_ceil(segment.max(1)).max(1);
        let mut all = self.0.lock().unwrap();
        let seen = all.entry((source, destination, port)).or_default();
        seen.wire.pkts += segments as u64;
        seen.wire.bytes += (payload + segments * headers) as u64;
        seen.super_packets += u64::from(segments > 1);
        seen.longest_frame = seen.longest_frame.max(packet.len());
        seen.longest_segment = seen.longest_segment.max(headers + segment);
    }
}

/// Moves frames between the TUN devices of a lab without a relay of its own, for as long as `work` takes.
pub(crate) fn while_relaying<T>(lab: &Lab, wire: &Wire, work: impl FnOnce() -> T) -> T {
    let (client, exit) = (lab.client_tun(), lab.exit_tun().unwrap());
    let stop = Stop::default();
    thread::scope(|scope| {
        for (from, to) in [(client, exit), (exit, client)] {
            let stop = &stop;
            scope.spawn(move || pump(from, to, wire, stop));
        }
        let _stop = stop.on_drop();
        work()
    })
}

fn pump(from: &Tun, to: &Tun, wire: &Wire, stop: &Stop) {
    const PATIENCE: Duration = Duration::from_millis(20);
    let mut frame = vec![0; MAX_FRAME_BYTES];
    while stop.goes_on() {
        let Ok(length) = from.recv_within(&mut frame, PATIENCE) else {
            continue;
        };
        wire.count(&frame[..length]);
        to.send(&frame[..length]).unwrap();
    }
}
