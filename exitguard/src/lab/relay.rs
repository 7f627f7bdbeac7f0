//! The part of tailscaled and of the wire between two of them: what a client's kernel sends out through its
//! TUN enters the exit node's kernel through that node's TUN, and back.
//!
//! Super-packets travel whole. A real pair of tailscaleds cuts them for the wire and coalesces them again,
//! with the same frames at both kernels as a result.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::EventFd;

use super::error::LabError;
use super::frame::{FRAME_HEADER_BYTES, FrameHeader, MAX_FRAME_BYTES, finish_checksum};
use super::namespace::start;
use super::tun::Tun;

/// Frames moved between two looks at the stop signal.
const BATCH: usize = 64;

/// What went one way since the lab was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RelayCounts {
    /// Frames taken from the one device.
    pub frames: u64,
    /// Their length without frame headers, in bytes.
    pub bytes: u64,
    /// Packets that they are on a wire: of a super-packet, its segments.
    pub packets: u64,
    /// Frames that were super-packets.
    pub super_packets: u64,
    /// The longest packet, in bytes.
    pub longest_bytes: u64,
    /// Those of them that the other device did not take, for example because it was down.
    pub refused: u64,
    /// Packets that these would have been.
    pub refused_packets: u64,
}

/// Live counters of both ways. They outlive a relay, so that a new one can go on with them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) outbound: Way,
    pub(super) inbound: Way,
}

#[derive(Debug, Default)]
pub(super) struct Way {
    frames: AtomicU64,
    bytes: AtomicU64,
    packets: AtomicU64,
    super_packets: AtomicU64,
    longest_bytes: AtomicU64,
    refused: AtomicU64,
    refused_packets: AtomicU64,
}

impl Way {
    pub(super) fn read(&self) -> RelayCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RelayCounts {
            frames: read(&self.frames),
            bytes: read(&self.bytes),
            packets: read(&self.packets),
            super_packets: read(&self.super_packets),
            longest_bytes: read(&self.longest_bytes),
            refused: read(&self.refused),
            refused_packets: read(&self.refused_packets),
        }
    }

    fn count(&self, packet_bytes: u64, packets: u64, is_super: bool) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(packet_bytes, Ordering::Relaxed);
        self.packets.fetch_add(packets, Ordering::Relaxed);
        self.super_packets
            .fetch_add(is_super.into(), Ordering::Relaxed);
        self.longest_bytes
            .fetch_max(packet_bytes, Ordering::Relaxed);
    }
}

/// Loses what a device has queued, as the wire does when nobody listens at its other end.
pub(super) fn lose_queued(from: &Tun) {
    // A frame is gone once it was read in part, but the device does not part a header.
    let mut frame = [0; FRAME_HEADER_BYTES];
    while from.recv(&mut frame).is_ok() {}
}

/// Two threads that move frames until this value is dropped.
#[derive(Debug)]
pub(super) struct Relay {
    stop: Arc<EventFd>,
    threads: Vec<JoinHandle<()>>,
}

impl Relay {
    pub(super) fn start(
        client: &Arc<Tun>,
        exit: &Arc<Tun>,
        counters: &Arc<Counters>,
    ) -> Result<Self, LabError> {
        let stop = EventFd::new().map_err(|errno| LabError::Relay {
            error: errno.into(),
        })?;
        let mut relay = Self {
            stop: Arc::new(stop),
            threads: Vec::new(),
        };
        let way = |from: &Arc<Tun>, to: &Arc<Tun>, pick: fn(&Counters) -> &Way| {
            let (from, to, stop) = (from.clone(), to.clone(), relay.stop.clone());
            let counters = counters.clone();
            // A way ends early only when its device was removed under it; then nothing is left to move.
            move || drop(run(&from, &to, pick(&counters), &stop))
        };
        let outbound = way(client, exit, |counters| &counters.outbound);
        let inbound = way(exit, client, |counters| &counters.inbound);
        relay.threads.push(start("lab-relay-out", outbound)?);
        relay.threads.push(start("lab-relay-in", inbound)?);
        Ok(relay)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Cannot fail: only a counter near its end refuses to grow.
        let _ = self.stop.write(1);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn run(from: &Tun, to: &Tun, way: &Way, stop: &EventFd) -> io::Result<()> {
    let mut buffer = vec![0; MAX_FRAME_BYTES];
    loop {
        let wanted = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let [mut source, mut stopped] = [wanted(from.as_fd()), wanted(stop.as_fd())];
        let mut both = [source, stopped];
        match poll(&mut both, PollTimeout::NONE) {
            // The daemon and the demo handle signals, on whichever thread the kernel picks.
            Err(Errno::EINTR) => continue,
            done => done?,
        };
        [source, stopped] = both;
        if stopped.any().unwrap_or(true) {
            return Ok(());
        }
        if source.any().unwrap_or(true) {
            move_batch(from, to, way, &mut buffer)?;
        }
    }
}

fn move_batch(from: &Tun, to: &Tun, way: &Way, buffer: &mut [u8]) -> io::Result<()> {
    for _ in 0..BATCH {
        let length = match from.recv(buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        let Some(frame) = buffer.get_mut(..length) else {
            continue;
        };
        let (packets, is_super, packet_bytes) = if from.has_headers() {
            let Some((header, packet)) = FrameHeader::split(frame) else {
                continue;
            };
            let described = (header.packets(packet), header.is_super(), packet.len());
            finish_checksum(frame);
            described
        } else {
            (1, false, frame.len())
        };
        // Counted before it goes, so that whoever has its bytes finds it counted.
        way.count(packet_bytes as u64, packets, is_super);
        if to.send(frame).is_err() {
            way.refused.fetch_add(1, Ordering::Relaxed);
            way.refused_packets.fetch_add(packets, Ordering::Relaxed);
        }
    }
    Ok(())
}
