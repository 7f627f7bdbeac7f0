//! The exit node itself, and what it or others open towards the clients.

use exitguard::lab::{
    CLIENT_V4, CLIENT_V6, EXIT_LAN_V4, EXIT_V4, EXIT_V6, EchoServer, Exchange, LabOptions,
    SERVER_V4, ping, tcp_exchange, udp_exchange,
};
use exitguard_common::abi::Reason;
use exitguard_common::packet::protocol;

use crate::guarded::{Guarded, policy};
use crate::{PAIRS, SILENCE, SOON, at};

const NOTHING: &str = "icmp = false";

/// A client may send nothing of its own, but answers.
#[test]
#[ignore = "needs root"]
fn clients_answer_the_exit_node() {
    let Guarded { guard, lab } = Guarded::new(&policy("[]", "[]", NOTHING));
    for (client, exit) in [(CLIENT_V4, EXIT_V4), (CLIENT_V6, EXIT_V6)] {
        let tcp = EchoServer::tcp(lab.client(), at(client, 8080)).unwrap();
        let udp = EchoServer::udp(lab.client(), at(client, 8081)).unwrap();
        let over_tcp = tcp_exchange(lab.exit(), exit, tcp.address(), SOON).unwrap();
        let over_udp = udp_exchange(lab.exit(), exit, udp.address(), SOON).unwrap();
        assert_eq!(
            (over_tcp, over_udp),
            (Exchange::Answered, Exchange::Answered)
        );
        assert_eq!(
            ping(lab.exit(), exit, client, SOON).unwrap(),
            Exchange::Answered
        );
        for port in [8080, 8081] {
            let start = guard.started(port);
            assert_eq!(
                (start.source, start.destination),
                (Some(exit), Some(client))
            );
            assert_eq!(start.client, client);
        }
    }
}

/// From an address of the exit node that is neither of the tailnet nor a client's business.
#[test]
#[ignore = "needs root"]
fn clients_answer_the_exit_node_by_any_of_its_addresses() {
    let Guarded { guard, lab } = Guarded::new(&policy("[]", "[]", NOTHING));
    let tcp = EchoServer::tcp(lab.client(), at(CLIENT_V4, 8080)).unwrap();
    let answer = tcp_exchange(lab.exit(), EXIT_LAN_V4, tcp.address(), SOON).unwrap();
    assert_eq!(answer, Exchange::Answered);
    let start = guard.started(8080);
    assert_eq!(
        (start.source, start.destination),
        (Some(EXIT_LAN_V4), Some(CLIENT_V4))
    );
}

/// A connection that the far side opened, as through a subnet route or a port forward.
#[test]
#[ignore = "needs root"]
fn clients_answer_who_opened_a_connection_from_outside() {
    let options = LabOptions {
        masquerade: false,
        ..LabOptions::default()
    };
    let Guarded { guard, lab } = Guarded::with(&options, &policy("[]", "[]", NOTHING));
    let tcp = EchoServer::tcp(lab.client(), at(CLIENT_V4, 8080)).unwrap();
    let answer = tcp_exchange(lab.internet(), SERVER_V4, tcp.address(), SOON).unwrap();
    assert_eq!(answer, Exchange::Answered);
    let start = guard.started(8080);
    assert_eq!(
        (start.source, start.destination),
        (Some(SERVER_V4), Some(CLIENT_V4))
    );
    assert_eq!(start.decision.reason, Reason::Reply);
    // Which does not open the way for the client.
    let server = EchoServer::tcp(lab.internet(), at(SERVER_V4, 8080)).unwrap();
    let denied = tcp_exchange(lab.client(), CLIENT_V4, server.address(), SILENCE).unwrap();
    assert_eq!((denied, server.calls()), (Exchange::TimedOut, 0));
}

#[test]
#[ignore = "needs root"]
fn the_exit_node_is_open_to_clients_unless_said_otherwise() {
    let Guarded { guard, lab } = Guarded::new(&policy("[]", "[]", NOTHING));
    for (client, exit) in [
        (CLIENT_V4, EXIT_V4),
        (CLIENT_V6, EXIT_V6),
        (CLIENT_V4, EXIT_LAN_V4),
    ] {
        let ssh = EchoServer::tcp(lab.exit(), at(exit, 22)).unwrap();
        let answer = tcp_exchange(lab.client(), client, ssh.address(), SOON).unwrap();
        assert_eq!(answer, Exchange::Answered, "{exit}");
        assert_eq!(
            ping(lab.client(), client, exit, SOON).unwrap(),
            Exchange::Answered
        );
        let start = guard.started(22);
        assert_eq!(
            (start.decision.reason, start.rule.as_str()),
            (Reason::Host, "host")
        );
    }
}

#[test]
#[ignore = "needs root"]
fn the_exit_node_can_be_closed_to_clients() {
    let more = "[host]\ntcp = [22]\nudp = []\nicmp = false";
    let Guarded { guard, lab } = Guarded::new(&policy("\"any\"", "\"any\"", more));
    for (client, exit) in [
        (CLIENT_V4, EXIT_V4),
        (CLIENT_V6, EXIT_V6),
        (CLIENT_V4, EXIT_LAN_V4),
    ] {
        let ssh = EchoServer::tcp(lab.exit(), at(exit, 22)).unwrap();
        let other = EchoServer::tcp(lab.exit(), at(exit, 23)).unwrap();
        let ask = |server: &EchoServer, within| {
            tcp_exchange(lab.client(), client, server.address(), within).unwrap()
        };
        assert_eq!(ask(&ssh, SOON), Exchange::Answered);
        assert_eq!(ask(&other, SILENCE), Exchange::TimedOut);
        assert_eq!((ssh.calls(), other.calls()), (1, 0));
        assert_eq!(
            ping(lab.client(), client, exit, SILENCE).unwrap(),
            Exchange::TimedOut
        );
        let deny = guard.denied(23);
        assert_eq!((deny.destination, deny.rule.as_str()), (Some(exit), "host"));
        let is_icmp = |number| matches!(number, protocol::ICMP | protocol::ICMPV6);
        let deny = guard.flow("a denied ping", |flow| {
            is_icmp(flow.protocol) && !flow.decision.passes()
        });
        assert_eq!((deny.destination, deny.rule.as_str()), (Some(exit), "host"));
    }
}

#[test]
#[ignore = "needs root"]
fn pings_pass_where_the_rule_has_icmp() {
    let Guarded { guard, lab } = Guarded::new(&policy("[]", "[]", ""));
    for (client, server) in PAIRS {
        let answer = ping(lab.client(), client, server, SOON).unwrap();
        assert_eq!(answer, Exchange::Answered);
        let start = guard.flow("a ping", |flow| flow.destination == Some(server));
        assert_eq!(
            start.icmp.unwrap().0,
            if server.is_ipv4() { 8 } else { 128 }
        );
    }
    guard.apply(&policy("[]", "[]", NOTHING));
    for (client, server) in PAIRS {
        let answer = ping(lab.client(), client, server, SILENCE).unwrap();
        assert_eq!(answer, Exchange::TimedOut);
        let deny = guard.flow("a denied ping", |flow| {
            flow.destination == Some(server) && !flow.decision.passes()
        });
        assert_eq!(deny.decision.reason, Reason::Icmp);
    }
}

/// Errors about a client's own packets get through without any rule: the server's "port unreachable".
#[test]
#[ignore = "needs root"]
fn errors_reach_the_client() {
    let Guarded { lab, .. } = Guarded::new(&policy("[]", "[9]", NOTHING));
    for (client, server) in PAIRS {
        let answer = udp_exchange(lab.client(), client, at(server, 9), SOON).unwrap();
        assert_eq!(answer, Exchange::Refused);
    }
}
