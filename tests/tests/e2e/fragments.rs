//! Datagrams that are longer than the way is wide.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use exitguard::lab::{
    CLIENT_V4, CLIENT_V6, EchoServer, Exchange, LAN_HOST_V4, LAN_HOST_V6, Namespace, udp_exchange,
};

use crate::guarded::{Guarded, last_stats, policy};
use crate::{PAIRS, SILENCE, SOON, at};

const BYTES: usize = 4000;
/// So many does it take through a TUN with an MTU of 1280 bytes.
const FRAGMENTS: u64 = 4;

/// What came of sending a long datagram.
struct Sent {
    times: u64,
    comes_back: bool,
}

/// Sends a long datagram to an echo server.
///
/// It is sent again when it does not come back: to IPv6 servers the exit node says how narrow the way back is only
/// when a first answer was too long for it (RFC 8201).
fn send_long(from: &Namespace, client: IpAddr, to: SocketAddr, within: Duration) -> Sent {
    const PATIENCE: Duration = Duration::from_millis(200);
    let bind = || UdpSocket::bind((client, 0)).unwrap();
    let socket = from.enter(bind).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.connect(to).unwrap();
    let datagram: Vec<u8> = (0..BYTES).map(|at| (at % 251) as u8).collect();
    let mut answer = vec![0; 2 * BYTES];
    let deadline = Instant::now() + within;
    let mut sent = Sent {
        times: 0,
        comes_back: false,
    };
    while !sent.comes_back && Instant::now() < deadline {
        socket.send(&datagram).unwrap();
        sent.times += 1;
        match socket.recv(&mut answer) {
            Ok(length) => {
                assert!(answer[..length] == datagram, "it came back changed");
                sent.comes_back = true;
            }
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
    sent
}

#[test]
#[ignore = "needs root"]
fn fragments_of_what_is_allowed_pass_both_ways() {
    let Guarded { guard, lab } = Guarded::new(&policy("[]", "[53]", ""));
    for (client, server) in PAIRS {
        let echo = EchoServer::udp(lab.internet(), at(server, 53)).unwrap();
        let before = lab.outbound();
        let sent = send_long(lab.client(), client, echo.address(), SOON);
        assert!(sent.comes_back, "{server}");
        // It did take fragments: none of the frames is longer than the MTU of the TUN.
        assert!(lab.outbound().frames - before.frames >= FRAGMENTS);
        assert!(lab.outbound().longest_bytes <= 1280);
        let start = guard.started(53);
        assert_eq!(
            (start.source, start.destination),
            (Some(client), Some(server))
        );
    }
    let reports = guard.stop();
    let stats = last_stats(&reports).kernel;
    assert_eq!(
        stats.outbound.denied.pkts + stats.inbound.denied.pkts,
        0,
        "{stats:?}"
    );
    let end = crate::flow_reports::last_end(&reports, 53);
    // Later fragments count as packets of their first one's flow.
    for way in [end.to_server, end.to_client] {
        assert!(way.pkts >= FRAGMENTS && way.bytes > BYTES as u64, "{end:?}");
    }
}

#[test]
#[ignore = "needs root"]
fn fragments_of_what_is_denied_are_denied_to_the_last() {
    for (client, server) in PAIRS {
        let Guarded { guard, lab } = Guarded::new(&policy("[]", "[53]", ""));
        let echo = EchoServer::udp(lab.internet(), at(server, 54)).unwrap();
        let sent = send_long(lab.client(), client, echo.address(), SILENCE);
        assert!(!sent.comes_back);
        assert_eq!(echo.calls(), 0);
        guard.denied(54);
        // The relay keeps the order: who is answered came after all that was sent before.
        let open = EchoServer::udp(lab.internet(), at(server, 53)).unwrap();
        let answer = udp_exchange(lab.client(), client, open.address(), SOON).unwrap();
        assert_eq!(answer, Exchange::Answered);
        let stats = last_stats(&guard.stop()).kernel;
        assert_eq!(
            stats.outbound.denied.pkts,
            FRAGMENTS * sent.times,
            "{stats:?}"
        );
    }
}

/// Fragments carry no ports, but their destination says enough.
#[test]
#[ignore = "needs root"]
fn fragments_for_the_lan_are_denied() {
    let Guarded { guard, lab } = Guarded::new(&policy("[]", "\"any\"", ""));
    for (client, host) in [(CLIENT_V4, LAN_HOST_V4), (CLIENT_V6, LAN_HOST_V6)] {
        let echo = EchoServer::udp(lab.lan(), at(host, 53)).unwrap();
        let sent = send_long(lab.client(), client, echo.address(), SILENCE);
        assert!(!sent.comes_back);
        assert_eq!(echo.calls(), 0);
        guard.denied(53);
    }
}
