//! Tailscale's relays (DERP), as the tailscaled of this host knows them.

use serde::Deserialize;
use socket2::{Domain, SockAddr, Socket, Type};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where tailscaled answers, on most systems.
pub const TAILSCALED: &str = "/var/run/tailscale/tailscaled.sock";

/// It answers from memory; nobody waits longer for that.
const PATIENCE: Duration = Duration::from_secs(2);
/// The map of Tailscale's own relays has some 30 KiB.
const MAX_BYTES: u64 = 1 << 20;

/// HTTP/1.0, so that the answer is what comes until the connection is closed.
const REQUEST: &[u8] = b"GET /localapi/v0/derpmap HTTP/1.0\r\nHost: local-tailscaled.sock\r\n\r\n";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Map {
    #[serde(default)]
    regions: BTreeMap<String, Region>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Region {
    #[serde(default)]
    nodes: Vec<Node>,
}

/// Its addresses are texts, because `none` is one of them.
#[derive(Deserialize)]
struct Node {
    #[serde(default, rename = "IPv4")]
    v4: String,
    #[serde(default, rename = "IPv6")]
    v6: String,
}

/// The addresses of all relays, sorted.
///
/// # Errors
/// When tailscaled is not there, does not answer in time, or answers something else.
pub fn relays(socket: &Path) -> io::Result<Vec<IpAddr>> {
    relays_in(&ask(socket)?)
}

/// The same of an answer, from its first byte to its last.
///
/// # Errors
/// When it is something else than the map of relays.
pub fn relays_in(answer: &[u8]) -> io::Result<Vec<IpAddr>> {
    let is_answer = answer.starts_with(b"HTTP/1.0 200 ") || answer.starts_with(b"HTTP/1.1 200 ");
    let body = memchr::memmem::find(answer, b"\r\n\r\n").and_then(|end| answer.get(end + 4..));
    let Some(body) = body.filter(|_| is_answer) else {
        return Err(io::Error::other("the answer is not the map of relays"));
    };
    let map: Map = serde_json::from_slice(body)?;
    let nodes = map.regions.values().flat_map(|region| &region.nodes);
    let texts = nodes.flat_map(|node| [&node.v4, &node.v6]);
    let mut addresses: Vec<IpAddr> = texts.filter_map(|text| text.parse().ok()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

fn ask(path: &Path) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + PATIENCE;
    let mut socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Of a connection, too, which waits while too many others do.
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.connect(&SockAddr::unix(path)?)?;
    socket.write_all(REQUEST)?;
    let mut answer = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut part)? {
            0 => break,
            read => answer.extend_from_slice(part.get(..read).unwrap_or_default()),
        }
        if answer.len() as u64 > MAX_BYTES {
            return Err(io::Error::other("the answer is too long"));
        }
    }
    Ok(answer)
}

#[cfg(test)]
pub(super) mod tests;
