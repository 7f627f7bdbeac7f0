//! `attach = "xdp"`: clients behind an Ethernet device.

use std::net::IpAddr;

use exitguard::lab::{
    EchoServer, Exchange, Lab, LabOptions, Links, Namespace, SERVER_V4, SERVER_V6, Via,
    tcp_exchange, tcp_transfer, udp_exchange,
};
use exitguard::state::EndReason;
use exitguard_common::abi::Reason;
use ipnet::IpNet;

use crate::guarded::{Guard, last_stats, policy};
use crate::{SILENCE, SOON, at};

const ETHERNET: &str = "eth0";

fn client(server: IpAddr) -> IpAddr {
    let client = if server.is_ipv4() {
        "10.9.0.9"
    } else {
        "fd00:9::9"
    };
    client.parse().unwrap()
}

/// A client on a cable to the exit node of a lab.
fn plug_in(lab: &Lab) -> Namespace {
    let guest = Namespace::new("guest").unwrap();
    let [mut here, mut there] = [lab.exit(), &guest].map(|side| Links::of(side).unwrap());
    here.add_veth(ETHERNET, ETHERNET, &guest).unwrap();
    let net = |text: &str| text.parse::<IpNet>().unwrap();
    for (side, addresses) in [
        (&mut here, ["10.9.0.1/24", "fd00:9::1/64"]),
        (&mut there, ["10.9.0.9/24", "fd00:9::9/64"]),
    ] {
        side.set_up(ETHERNET).unwrap();
        for address in addresses {
            side.add_address(ETHERNET, net(address)).unwrap();
        }
    }
    for (everywhere, router) in [("0.0.0.0/0", "10.9.0.1"), ("::/0", "fd00:9::1")] {
        let router = Via::Router(router.parse().unwrap());
        there.add_route(ETHERNET, net(everywhere), router).unwrap();
    }
    here.wait_up(ETHERNET).unwrap();
    there.wait_up(ETHERNET).unwrap();
    guest
}

#[test]
#[ignore = "needs root"]
fn an_ethernet_device_is_guarded_by_xdp() {
    let lab = Lab::build(&LabOptions::default()).unwrap();
    let guest = plug_in(&lab);
    let top = format!("interface = \"{ETHERNET}\"\nattach = \"xdp\"\n");
    let guard = Guard::start(lab.exit(), &format!("{top}{}", policy("[443]", "[53]", "")));
    for server in [SERVER_V4, SERVER_V6] {
        let client = client(server);
        let open = EchoServer::tcp(lab.internet(), at(server, 443)).unwrap();
        let shut = EchoServer::tcp(lab.internet(), at(server, 444)).unwrap();
        let answer = tcp_exchange(&guest, client, open.address(), SOON).unwrap();
        assert_eq!(answer, Exchange::Answered);
        let start = guard.started(443);
        assert_eq!(
            (start.source, start.destination),
            (Some(client), Some(server))
        );
        assert_eq!(start.interface, ETHERNET);
        // Both hooks see it: XDP what goes out, TC what comes back.
        let end = guard.ended(443, EndReason::TcpClose);
        assert!(
            end.to_server.pkts >= 4 && end.to_client.pkts >= 3,
            "{end:?}"
        );

        let answer = tcp_exchange(&guest, client, shut.address(), SILENCE).unwrap();
        assert_eq!((answer, shut.calls()), (Exchange::TimedOut, 0));
        let deny = guard.denied(444);
        assert_eq!(
            (deny.source, deny.decision.reason),
            (Some(client), Reason::Port)
        );

        let [dns, other] =
            [53, 54].map(|port| EchoServer::udp(lab.internet(), at(server, port)).unwrap());
        let ask =
            |to: &EchoServer, within| udp_exchange(&guest, client, to.address(), within).unwrap();
        assert_eq!(ask(&dns, SOON), Exchange::Answered);
        assert_eq!(ask(&other, SILENCE), Exchange::TimedOut);
        assert_eq!(other.calls(), 0);
        guard.denied(54);
        tcp_transfer(&guest, client, open.address(), 1 << 20, SOON).unwrap();
        let start = guard.started(443);
        let end = guard.ended(443, EndReason::TcpClose);
        assert_eq!(end.flow_id, start.flow_id);
        assert!(
            end.to_server.bytes > 1 << 20 && end.to_client.bytes > 1 << 20,
            "{end:?}"
        );
    }
    // A policy is replaced there as well.
    guard.apply(&format!("{top}{}", policy("[444]", "[]", "")));
    for (port, expected) in [(443, Exchange::TimedOut), (444, Exchange::Answered)] {
        let server = EchoServer::tcp(lab.internet(), at(SERVER_V4, port)).unwrap();
        let answer = tcp_exchange(&guest, client(SERVER_V4), server.address(), SILENCE).unwrap();
        assert_eq!(answer, expected);
    }
    let stats = last_stats(&guard.stop()).kernel;
    assert_eq!(stats.malformed_pkts, [0; _], "{stats:?}");
}
