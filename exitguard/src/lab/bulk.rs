//! Traffic in quantity: what makes the kernel build super-packets.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};

use super::error::LabError;
use super::exchange::{TcpSession, failure, read_until, udp_socket};
use super::namespace::Namespace;

/// Bytes read or written at once.
const CHUNK: usize = 64 * 1024;

/// The pattern repeats after this many bytes: a prime, so that no swap of segments or chunks goes unseen.
const PERIOD: usize = 65_521;

/// A transfer that arrived whole.
#[derive(Debug, Clone, Copy)]
pub struct Transfer {
    /// Bytes that went to the server, and came back.
    pub bytes_each_way: u64,
    /// From the first byte sent to the last received.
    pub elapsed: Duration,
}

/// Sends `bytes` from an address of `namespace` to a TCP echo server and compares what comes back.
///
/// # Errors
/// [`LabError::Changed`] at the first wrong byte, [`LabError::Socket`] when the connection fails or not all
/// came back `within` this time.
pub fn tcp_transfer(
    namespace: &Namespace,
    from: IpAddr,
    to: SocketAddr,
    bytes: u64,
    within: Duration,
) -> Result<Transfer, LabError> {
    let start = Instant::now();
    let deadline = start + within;
    let stream = TcpSession::open(namespace, from, to, within)?.stream;
    let failed = |error| failure("transfer bytes through", to, error);
    stream.set_write_timeout(Some(within)).map_err(failed)?;
    let pattern = pattern();
    let wrong_at = thread::scope(|scope| {
        scope.spawn(|| {
            // Whatever goes wrong here, the reader misses the bytes.
            let _ = write_pattern(&stream, &pattern, bytes);
        });
        let outcome = read_pattern(&stream, &pattern, bytes, deadline);
        // So that a writer whose bytes nobody wants any more ends as well.
        let _ = stream.shutdown(Shutdown::Both);
        outcome
    });
    match wrong_at.map_err(failed)? {
        Some(offset) => Err(LabError::Changed {
            offset,
            address: to,
        }),
        None => Ok(Transfer {
            bytes_each_way: bytes,
            elapsed: start.elapsed(),
        }),
    }
}

/// Sends `segments` datagrams of `segment_bytes` each in a single send, cut by the kernel (`UDP_SEGMENT`,
/// linux/udp.h), to a UDP echo server. Returns how many came back.
///
/// # Errors
/// [`LabError::Socket`] if the kernel refuses the send: together they must fit into one IP packet.
pub fn udp_burst(
    namespace: &Namespace,
    from: IpAddr,
    to: SocketAddr,
    segment_bytes: u16,
    segments: u16,
    within: Duration,
) -> Result<u16, LabError> {
    let deadline = Instant::now() + within;
    let socket = udp_socket(namespace, from, to)?;
    let send = || {
        setsockopt(&socket, sockopt::UdpGsoSegment, &i32::from(segment_bytes))?;
        let burst = vec![b'u'; usize::from(segment_bytes) * usize::from(segments)];
        socket.send(&burst)
    };
    send().map_err(|error| failure("send a burst to", to, error))?;
    let mut answer = [0; CHUNK];
    let mut answers = 0;
    while answers < segments {
        let received = read_until(deadline, |left| {
            socket.set_read_timeout(Some(left))?;
            socket.recv(&mut answer)
        });
        match received {
            Ok(length) if length == usize::from(segment_bytes) => answers += 1,
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
                ) =>
            {
                break;
            }
            Err(error) => return Err(failure("hear from", to, error)),
        }
    }
    Ok(answers)
}

/// The pattern's period, and a chunk more, so that a chunk from anywhere in it is one slice.
fn pattern() -> Vec<u8> {
    let byte = |at: usize| {
        let [low, high, ..] = (at % PERIOD).to_le_bytes();
        low ^ high
    };
    (0..PERIOD + CHUNK).map(byte).collect()
}

/// The pattern's bytes from `offset` on, at most a chunk and not beyond `end`.
fn piece(pattern: &[u8], offset: u64, end: u64) -> &[u8] {
    let start = usize::try_from(offset % PERIOD as u64).unwrap_or_default();
    let length = usize::try_from(end - offset).map_or(CHUNK, |left| left.min(CHUNK));
    pattern.get(start..start + length).unwrap_or_default()
}

fn write_pattern(mut stream: &TcpStream, pattern: &[u8], bytes: u64) -> io::Result<()> {
    let mut sent = 0;
    while sent < bytes {
        let chunk = piece(pattern, sent, bytes);
        stream.write_all(chunk)?;
        sent += chunk.len() as u64;
    }
    stream.shutdown(Shutdown::Write)
}

/// Reads `bytes`, and returns the offset of the first wrong one.
fn read_pattern(
    mut stream: &TcpStream,
    pattern: &[u8],
    bytes: u64,
    deadline: Instant,
) -> io::Result<Option<u64>> {
    let mut chunk = vec![0; CHUNK];
    let mut received = 0;
    while received < bytes {
        let length = read_until(deadline, |left| {
            stream.set_read_timeout(Some(left))?;
            stream.read(&mut chunk)
        })?;
        let read = chunk.get(..length).filter(|read| !read.is_empty());
        let read = read.ok_or(io::ErrorKind::UnexpectedEof)?;
        // What lies beyond the end is as wrong as another byte.
        let expected = piece(pattern, received, bytes);
        if !expected.starts_with(read) {
            let same = expected
                .iter()
                .zip(read)
                .take_while(|(a, b)| a == b)
                .count();
            return Ok(Some(received + same as u64));
        }
        received += length as u64;
    }
    Ok(None)
}
