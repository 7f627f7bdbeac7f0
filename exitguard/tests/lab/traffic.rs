//! Who reaches whom, and how it looks from there.

use std::net::SocketAddr;

use exitguard::lab::{
    CLIENT_V4, CLIENT_V6, CLIENT2_V4, EXIT_LAN_V4, EXIT_LAN_V6, EXIT_V4, EXIT_V6, EXIT_WAN_V4,
    EXIT_WAN_V6, EchoServer, Exchange, LAN_HOST_V4, LAN_HOST_V6, SERVER_V4, SERVER_V6, TcpSession,
    ping, tcp_exchange, tcp_transfer, udp_burst, udp_exchange,
};

use crate::{MIB, SOON, any_port, ask, lab, lab_with};

#[test]
#[ignore = "needs root"]
fn servers_on_the_internet_see_the_exit_node() {
    let lab = lab();
    let seen = ask(&lab, lab.internet(), CLIENT_V4, SERVER_V4);
    assert_eq!(seen, [EXIT_WAN_V4].into());
    let seen = ask(&lab, lab.internet(), CLIENT_V6, SERVER_V6);
    assert_eq!(seen, [EXIT_WAN_V6].into());
}

#[test]
#[ignore = "needs root"]
fn servers_see_the_client_without_masquerading() {
    let lab = lab_with(|options| options.masquerade = false);
    assert_eq!(
        ask(&lab, lab.internet(), CLIENT_V4, SERVER_V4),
        [CLIENT_V4].into()
    );
    assert_eq!(
        ask(&lab, lab.internet(), CLIENT_V6, SERVER_V6),
        [CLIENT_V6].into()
    );
    assert_eq!(
        ask(&lab, lab.lan(), CLIENT2_V4, LAN_HOST_V4),
        [CLIENT2_V4].into()
    );
}

#[test]
#[ignore = "needs root"]
fn clients_reach_the_lan_of_the_exit_node() {
    let lab = lab();
    assert_eq!(
        ask(&lab, lab.lan(), CLIENT_V4, LAN_HOST_V4),
        [EXIT_LAN_V4].into()
    );
    assert_eq!(
        ask(&lab, lab.lan(), CLIENT_V6, LAN_HOST_V6),
        [EXIT_LAN_V6].into()
    );
}

#[test]
#[ignore = "needs root"]
fn the_exit_node_sees_the_client_itself() {
    let lab = lab();
    assert_eq!(
        ask(&lab, lab.exit(), CLIENT_V4, EXIT_V4),
        [CLIENT_V4].into()
    );
    assert_eq!(
        ask(&lab, lab.exit(), CLIENT_V6, EXIT_V6),
        [CLIENT_V6].into()
    );
    assert_eq!(
        ask(&lab, lab.exit(), CLIENT2_V4, EXIT_V4),
        [CLIENT2_V4].into()
    );
}

#[test]
#[ignore = "needs root"]
fn a_server_of_ones_own_can_be_added() {
    let own = "203.0.113.200".parse().unwrap();
    let lab = lab_with(|options| options.servers.push(own));
    ask(&lab, lab.internet(), CLIENT_V4, own);
}

#[test]
#[ignore = "needs root"]
fn echo_requests_are_answered() {
    let lab = lab();
    let far = [
        (CLIENT_V4, SERVER_V4),
        (CLIENT_V6, SERVER_V6),
        (CLIENT_V4, EXIT_V4),
        (CLIENT_V6, LAN_HOST_V6),
    ];
    for (from, to) in far {
        assert_eq!(
            ping(lab.client(), from, to, SOON).unwrap(),
            Exchange::Answered,
            "{to}"
        );
    }
}

#[test]
#[ignore = "needs root"]
fn closed_ports_refuse_however_often_they_are_asked() {
    let lab = lab();
    for (from, at) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
        // More often than the kernel's default rate of ICMP errors allows.
        for _ in 0..20 {
            let closed = SocketAddr::new(at, 9);
            let refused = tcp_exchange(lab.client(), from, closed, SOON).unwrap();
            assert_eq!(refused, Exchange::Refused);
            let refused = udp_exchange(lab.client(), from, closed, SOON).unwrap();
            assert_eq!(refused, Exchange::Refused);
        }
    }
}

/// Three questions to IPv4, because Linux answers only five at once (net/ipv4/route.c, `ip_error`).
#[test]
#[ignore = "needs root"]
fn the_internet_knows_no_way_to_strange_addresses() {
    let lab = lab();
    let unreachable = Exchange::Unreachable(std::io::ErrorKind::NetworkUnreachable);
    for (from, nowhere) in [(CLIENT_V4, "198.18.0.1"), (CLIENT_V6, "2001:db8:dead::1")] {
        let at = SocketAddr::new(nowhere.parse().unwrap(), 9);
        assert_eq!(
            tcp_exchange(lab.client(), from, at, SOON).unwrap(),
            unreachable
        );
        assert_eq!(
            udp_exchange(lab.client(), from, at, SOON).unwrap(),
            unreachable
        );
        assert_eq!(
            ping(lab.client(), from, at.ip(), SOON).unwrap(),
            unreachable
        );
    }
}

#[test]
#[ignore = "needs root"]
fn a_session_ends_with_its_server() {
    let lab = lab();
    let server = EchoServer::tcp(lab.internet(), any_port(SERVER_V4)).unwrap();
    let mut session = TcpSession::open(lab.client(), CLIENT_V4, server.address(), SOON).unwrap();
    for _ in 0..3 {
        assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    }
    drop(server);
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Reset);
}

#[test]
#[ignore = "needs root"]
fn eight_mebibytes_arrive_intact_in_super_packets() {
    let lab = lab();
    for (from, at) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
        let before = [lab.outbound(), lab.inbound()];
        let server = EchoServer::tcp(lab.internet(), any_port(at)).unwrap();
        let transfer = tcp_transfer(lab.client(), from, server.address(), 8 * MIB, SOON).unwrap();
        assert_eq!(transfer.bytes_each_way, 8 * MIB);
        for (before, after) in before.iter().zip([lab.outbound(), lab.inbound()]) {
            assert!(after.bytes - before.bytes > 8 * MIB, "{before:?} {after:?}");
            assert!(
                after.super_packets > before.super_packets,
                "{before:?} {after:?}"
            );
            assert!(after.longest_bytes > 4 * 1280, "{after:?}");
        }
    }
}

#[test]
#[ignore = "needs root"]
fn eight_mebibytes_arrive_intact_without_super_packets() {
    let lab = lab_with(|options| options.offload = false);
    for (from, at) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
        let server = EchoServer::tcp(lab.internet(), any_port(at)).unwrap();
        tcp_transfer(lab.client(), from, server.address(), 8 * MIB, SOON).unwrap();
    }
    for way in [lab.outbound(), lab.inbound()] {
        assert!(way.bytes > 16 * MIB && way.super_packets == 0, "{way:?}");
        assert_eq!(way.longest_bytes, 1280);
    }
}

/// `TUN_F_USO4` and `TUN_F_USO6` are there from Linux 6.2 on; before, the kernel cuts the burst itself.
#[test]
#[ignore = "needs root"]
fn a_burst_of_datagrams_travels_as_one_super_packet() {
    let lab = lab();
    for (from, at) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
        let before = lab.outbound();
        let server = EchoServer::udp(lab.internet(), any_port(at)).unwrap();
        let answers = udp_burst(lab.client(), from, server.address(), 1200, 20, SOON).unwrap();
        assert_eq!((answers, server.calls()), (20, 20));
        if lab.client_tun().has_udp_offload() {
            let after = lab.outbound();
            assert_eq!(after.super_packets - before.super_packets, 1);
            assert!(after.longest_bytes > 20 * 1200, "{after:?}");
        }
    }
}
