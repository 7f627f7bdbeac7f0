//! ICMP echo over datagram sockets, which need no raw packets (`net.ipv4.ping_group_range`).

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::error::LabError;
use super::exchange::{Exchange, failure, read_until, report_errors};
use super::namespace::Namespace;

const PAYLOAD: &[u8] = b"is anybody there";

/// Sends one echo request from an address of `namespace` and waits for the reply (RFC 792, RFC 4443 §4).
///
/// # Errors
/// [`LabError::Socket`] with an error that is no answer from the network.
pub fn ping(
    namespace: &Namespace,
    from: IpAddr,
    to: IpAddr,
    within: Duration,
) -> Result<Exchange, LabError> {
    let done = namespace.enter(|| ask(from, to, within))?;
    let far = SocketAddr::new(to, 0);
    done.or_else(Exchange::from_error)
        .map_err(|error| failure("ping", far, error))
}

fn ask(from: IpAddr, to: IpAddr, within: Duration) -> io::Result<Exchange> {
    let deadline = Instant::now() + within;
    let (domain, protocol, request, reply) = match to {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4, 8, 0),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6, 128, 129),
    };
    let mut socket = Socket::new(domain, Type::DGRAM, Some(protocol))?;
    report_errors(&socket, to)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect(&SocketAddr::new(to, 0).into())?;
    // Type, code, checksum, identifier, sequence; the kernel fills in checksum and identifier.
    let message = [&[request, 0, 0, 0, 0, 0, 0, 1], PAYLOAD].concat();
    socket.send(&message)?;
    let mut answer = [0; 64];
    loop {
        let length = read_until(deadline, |left| {
            socket.set_read_timeout(Some(left))?;
            socket.read(&mut answer)
        })?;
        let is_reply = answer.first() == Some(&reply);
        if is_reply && answer.get(8..length) == Some(PAYLOAD) {
            return Ok(Exchange::Answered);
        }
    }
}
