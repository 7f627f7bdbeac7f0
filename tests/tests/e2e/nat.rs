//! The guard sees clients and servers as they call themselves, whatever the exit node makes of them.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use exitguard::lab::{
    CLIENT2_V4, EXIT_WAN_V4, EXIT_WAN_V6, EchoServer, Exchange, LabOptions, SERVER_V4,
    tcp_exchange, udp_exchange,
};
use exitguard::state::EndReason;

use crate::flow_reports::last_end;
use crate::guarded::{Guarded, policy};
use crate::{PAIRS, SOON, at};

fn callers(server: &EchoServer) -> BTreeSet<IpAddr> {
    server.callers().iter().map(SocketAddr::ip).collect()
}

#[test]
#[ignore = "needs root"]
fn behind_masquerading_events_name_the_client() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[53]", ""));
    for ((client, server), exit) in PAIRS.into_iter().zip([EXIT_WAN_V4, EXIT_WAN_V6]) {
        let tcp = EchoServer::tcp(lab.internet(), at(server, 443)).unwrap();
        let udp = EchoServer::udp(lab.internet(), at(server, 53)).unwrap();
        let over_tcp = tcp_exchange(lab.client(), client, tcp.address(), SOON).unwrap();
        let over_udp = udp_exchange(lab.client(), client, udp.address(), SOON).unwrap();
        assert_eq!(
            (over_tcp, over_udp),
            (Exchange::Answered, Exchange::Answered)
        );
        assert_eq!(
            (callers(&tcp), callers(&udp)),
            ([exit].into(), [exit].into())
        );
        for port in [443, 53] {
            let start = guard.started(port);
            assert_eq!(
                (start.source, start.destination),
                (Some(client), Some(server))
            );
            assert_eq!((start.client, start.rule.as_str()), (client, "egress"));
        }
        let end = guard.ended(443, EndReason::TcpClose);
        assert!(
            end.to_server.pkts >= 4 && end.to_client.pkts >= 3,
            "{end:?}"
        );
    }
    // The answers belong to the same flows, and so to none of their own.
    let reports = guard.stop();
    let end = last_end(&reports, 53);
    assert_eq!((end.to_server.pkts, end.to_client.pkts), (1, 1));
}

#[test]
#[ignore = "needs root"]
fn without_masquerading_it_is_the_same() {
    let options = LabOptions {
        masquerade: false,
        ..LabOptions::default()
    };
    let Guarded { guard, lab } = Guarded::with(&options, &policy("[443]", "[53]", ""));
    for (client, server) in PAIRS {
        let tcp = EchoServer::tcp(lab.internet(), at(server, 443)).unwrap();
        let answer = tcp_exchange(lab.client(), client, tcp.address(), SOON).unwrap();
        assert_eq!(answer, Exchange::Answered);
        assert_eq!(callers(&tcp), [client].into());
        let start = guard.started(443);
        assert_eq!(
            (start.source, start.destination),
            (Some(client), Some(server))
        );
    }
}

#[test]
#[ignore = "needs root"]
fn clients_are_told_apart_by_their_address() {
    let more = format!("[[client]]\nname = \"second\"\nmatch = [\"{CLIENT2_V4}\"]\ntcp = [444]");
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", &more));
    let echo = |port| EchoServer::tcp(lab.internet(), at(SERVER_V4, port)).unwrap();
    let [first, second] = [echo(443), echo(444)];
    let ask = |client, server: &EchoServer, within| {
        tcp_exchange(lab.client(), client, server.address(), within).unwrap()
    };
    let client = crate::CLIENT_V4;
    assert_eq!(ask(client, &first, SOON), Exchange::Answered);
    assert_eq!(ask(CLIENT2_V4, &second, SOON), Exchange::Answered);
    assert_eq!(ask(client, &second, crate::SILENCE), Exchange::TimedOut);
    assert_eq!(ask(CLIENT2_V4, &first, crate::SILENCE), Exchange::TimedOut);
    assert_eq!((first.calls(), second.calls()), (1, 1));
    let deny = guard.denied(443);
    assert_eq!(
        (deny.client, deny.rule.as_str()),
        (CLIENT2_V4, "client second")
    );
    let deny = guard.denied(444);
    assert_eq!((deny.client, deny.rule.as_str()), (client, "egress"));
}
