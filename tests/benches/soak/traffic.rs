//! What clients send all the time, each kind as fast as a thread can.

use crate::policies::{MANY, SHUT_TCP, SHUT_UDP, TCP, UDP};
use crate::shared::Shared;
use anyhow::Result;
use exitguard::lab::{
    CLIENT_V4, CLIENT_V6, CLIENT2_V4, LAN_HOST_V4, LAN_HOST_V6, LISTED_V4, LISTED_V6, Namespace,
    SERVER_V4, SERVER_V6, SERVER2_V4,
};
use fastrand::Rng;
use nix::sys::socket::{setsockopt, sockopt};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long an answer to a datagram is waited for before the next is sent.
const ANSWER: Duration = Duration::from_millis(5);
/// The same for a connection.
const CONNECTION: Duration = Duration::from_millis(500);
/// How long a connection is tried that must not come about.
const NO_CONNECTION: Duration = Duration::from_millis(20);
/// Sends between two looks whether to go on.
const BATCH: usize = 64;
/// Datagrams of one burst, and the bytes of each.
const SEGMENTS: usize = 40;
const SEGMENT: i32 = 1_000;

/// Threads that send until this value is dropped.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) shared: Arc<Shared>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

type Sender = fn(&Shared, Rng) -> io::Result<()>;

const SENDERS: [(&str, Sender); 6] = [
    ("soak-ask", ask),
    ("soak-forbidden", flood_forbidden),
    ("soak-flows", many_flows),
    ("soak-bursts", bursts),
    ("soak-tcp", tcp),
    ("soak-no-tcp", forbidden_tcp),
];

impl Traffic {
    /// Starts all of them in the namespace of the clients.
    pub(crate) fn start(client: &Namespace, seed: u64) -> Result<Self> {
        let mut traffic = Self {
            shared: Arc::new(Shared::new()),
            threads: Vec::new(),
        };
        for (number, (name, send)) in (1..).zip(SENDERS) {
            let shared = Arc::clone(&traffic.shared);
            let random = Rng::with_seed(seed.wrapping_add(number));
            let thread = client.spawn(name, move || send(&shared, random))?;
            traffic.threads.push(thread);
        }
        Ok(traffic)
    }

    /// Ends all of them, and says whether one could not go on.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.shared.end();
        for thread in self.threads.drain(..) {
            match thread.join() {
                Ok(done) => done?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.shared.end();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A queue that is full and a device that is not there take nothing.
fn counted(counter: &AtomicU64, sent: &io::Result<usize>) {
    if sent.is_ok() {
        add(counter);
    }
}

/// One question after the other: how long there is no answer is the outage.
fn ask(shared: &Shared, _: Rng) -> io::Result<()> {
    let socket = UdpSocket::bind((CLIENT_V4, 0))?;
    socket.connect((SERVER_V4, UDP))?;
    socket.set_read_timeout(Some(ANSWER))?;
    let mut answer = [0; 8];
    let mut number = 0_u64;
    while shared.goes_on() {
        number += 1;
        counted(&shared.allowed, &socket.send(&number.to_be_bytes()));
        if socket.recv(&mut answer).is_ok() {
            shared.note_answer();
        }
    }
    Ok(())
}

/// Datagrams to wherever none may go: ports, listed servers, the LAN.
fn flood_forbidden(shared: &Shared, mut random: Rng) -> io::Result<()> {
    let v4 = UdpSocket::bind((CLIENT_V4, 0))?;
    let v6 = UdpSocket::bind((CLIENT_V6, 0))?;
    for socket in [&v4, &v6] {
        socket.set_nonblocking(true)?;
    }
    while shared.goes_on() {
        for _ in 0..BATCH {
            let port = random.u16(SHUT_UDP..);
            let to = match random.u8(..7) {
                0 => SocketAddr::new(LISTED_V4, UDP),
                1 => SocketAddr::new(LISTED_V6, UDP),
                2 => SocketAddr::new(LAN_HOST_V4, UDP),
                3 => SocketAddr::new(LAN_HOST_V6, UDP),
                4 => SocketAddr::new(SERVER2_V4, port),
                5 => SocketAddr::new(SERVER_V6, port),
                _ => SocketAddr::new(SERVER_V4, port),
            };
            let socket = if to.is_ipv4() { &v4 } else { &v6 };
            counted(&shared.forbidden, &socket.send_to(b"forbidden", to));
            if socket.recv(&mut [0; 16]).is_ok() {
                add(&shared.wrongly_answered);
            }
        }
    }
    Ok(())
}

/// A port of its own for every few datagrams: more flows than the kernel may remember, allowed and denied.
fn many_flows(shared: &Shared, mut random: Rng) -> io::Result<()> {
    while shared.goes_on() {
        let socket = UdpSocket::bind((CLIENT2_V4, 0))?;
        for _ in 0..4 {
            let (counter, port) = if random.bool() {
                (&shared.allowed, random.u16(MANY))
            } else {
                (&shared.forbidden, random.u16(SHUT_UDP..))
            };
            counted(counter, &socket.send_to(b"flow", (SERVER_V4, port)));
        }
    }
    Ok(())
}

/// Many datagrams in one send, which cross the TUN as one super-packet.
fn bursts(shared: &Shared, mut random: Rng) -> io::Result<()> {
    let socket = UdpSocket::bind((CLIENT_V4, 0))?;
    setsockopt(&socket, sockopt::UdpGsoSegment, &SEGMENT)?;
    let bytes = [0; SEGMENT as usize * SEGMENTS];
    while shared.goes_on() {
        let (counter, to, port) = match random.u8(..3) {
            0 => (&shared.forbidden, SERVER_V4, SHUT_UDP),
            1 => (&shared.forbidden, LISTED_V4, UDP),
            _ => (&shared.allowed, SERVER_V4, MANY.start),
        };
        // Not whole: the last datagram is shorter than the others.
        let length = random.usize(bytes.len() / 2..bytes.len());
        let burst = bytes.get(..length).unwrap_or_default();
        counted(counter, &socket.send_to(burst, (to, port)));
        std::thread::yield_now();
    }
    Ok(())
}

/// Connections that carry something both ways.
fn tcp(shared: &Shared, mut random: Rng) -> io::Result<()> {
    while shared.goes_on() {
        let server = if random.bool() { SERVER_V4 } else { SERVER_V6 };
        add(&shared.allowed);
        if exchange(SocketAddr::new(server, TCP), random.usize(1..200_000)).is_ok() {
            add(&shared.answered);
        }
    }
    Ok(())
}

fn exchange(to: SocketAddr, bytes: usize) -> io::Result<()> {
    /// What fits into the buffers of one connection.
    const CHUNK: usize = 16 << 10;
    let mut stream = TcpStream::connect_timeout(&to, CONNECTION)?;
    stream.set_read_timeout(Some(CONNECTION))?;
    stream.set_write_timeout(Some(CONNECTION))?;
    let mut chunk = [7; CHUNK];
    for _ in 0..=bytes / CHUNK {
        stream.write_all(&chunk)?;
        stream.read_exact(&mut chunk)?;
    }
    Ok(())
}

/// Connections that must not come about.
fn forbidden_tcp(shared: &Shared, mut random: Rng) -> io::Result<()> {
    const SHUT: [(IpAddr, u16); 6] = [
        (SERVER_V4, SHUT_TCP),
        (SERVER_V6, SHUT_TCP),
        (LISTED_V4, TCP),
        (LISTED_V6, TCP),
        (LAN_HOST_V4, TCP),
        (LAN_HOST_V6, TCP),
    ];
    while shared.goes_on() {
        let Some(&(server, port)) = random.choice(&SHUT) else {
            continue;
        };
        add(&shared.forbidden);
        if TcpStream::connect_timeout(&(server, port).into(), NO_CONNECTION).is_ok() {
            add(&shared.wrongly_answered);
        }
    }
    Ok(())
}
