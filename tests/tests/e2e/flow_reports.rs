//! What is told about a flow as long as it lives.

use std::net::UdpSocket;

use exitguard::lab::{
    CLIENT_V4, EchoServer, Exchange, SERVER_V4, TcpSession, ping, tcp_exchange, udp_exchange,
};
use exitguard::output::{FlowReport, Report};
use exitguard::state::{EndReason, RecordKind};
use exitguard_common::packet::protocol;

use crate::guarded::{Guarded, policy};
use crate::{PAIRS, SOON, at};

/// The last end of a flow to a port.
pub(crate) fn last_end(reports: &[Report], port: u16) -> FlowReport {
    let ends = reports.iter().rev().find_map(|report| match report {
        Report::Flow(flow)
            if matches!(flow.kind, RecordKind::End(_)) && flow.destination_port == Some(port) =>
        {
            Some((**flow).clone())
        }
        _ => None,
    });
    ends.expect("an end")
}

#[test]
#[ignore = "needs root"]
fn a_tcp_flow_ends_when_tcp_says_so() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", ""));
    for (client, server) in PAIRS {
        let echo = EchoServer::tcp(lab.internet(), at(server, 443)).unwrap();
        let answer = tcp_exchange(lab.client(), client, echo.address(), SOON).unwrap();
        assert_eq!(answer, Exchange::Answered);
        let start = guard.started(443);
        let end = guard.ended(443, EndReason::TcpClose);
        assert_eq!(
            (end.flow_id, end.source, end.destination, end.source_port),
            (start.flow_id, Some(client), Some(server), start.source_port)
        );
        // At least SYN, ACK, question, FIN; and SYN-ACK, answer, FIN.
        assert!(
            end.to_server.pkts >= 4 && end.to_client.pkts >= 3,
            "{end:?}"
        );
    }
}

#[test]
#[ignore = "needs root"]
fn a_long_flow_is_told_about_again_and_again() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", "[events]\nupdate = \"1s\""));
    let echo = EchoServer::tcp(lab.internet(), at(SERVER_V4, 443)).unwrap();
    let mut session = TcpSession::open(lab.client(), CLIENT_V4, echo.address(), SOON).unwrap();
    let start = guard.started(443);
    let mut before = start.to_server.pkts;
    for _ in 0..2 {
        // A flow without packets is no news, so there have to be some.
        for _ in 0..10 {
            assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
        }
        let update = guard.flow("an update", |flow| flow.kind == RecordKind::Update);
        assert_eq!(
            (update.flow_id, update.start),
            (start.flow_id, update.start)
        );
        assert!(update.to_server.pkts >= before + 10, "{before} {update:?}");
        before = update.to_server.pkts;
    }
}

/// The shortest of the idle timeouts is half a minute, so this takes as long.
#[test]
#[ignore = "needs root"]
fn flows_that_fall_silent_end() {
    let Guarded { guard, lab } = Guarded::new(&policy("[]", "[53]", ""));
    let bind = || UdpSocket::bind((CLIENT_V4, 0)).unwrap();
    let socket = lab.client().enter(bind).unwrap();
    // A server that hears and says nothing.
    let listen = || UdpSocket::bind(at(SERVER_V4, 53)).unwrap();
    let _server = lab.internet().enter(listen).unwrap();
    socket.send_to(b"anybody?", at(SERVER_V4, 53)).unwrap();
    let answer = ping(lab.client(), CLIENT_V4, SERVER_V4, SOON).unwrap();
    assert_eq!(answer, Exchange::Answered);
    let start = guard.started(53);
    let is_end = |flow: &FlowReport| flow.kind == RecordKind::End(EndReason::Timeout);
    let silent = |flow: &FlowReport| {
        assert!(
            flow.time.duration_since(flow.last).as_secs() >= 30,
            "{flow:?}"
        );
    };
    let udp = guard.flow_within("the end of UDP", 2 * SOON, |flow| {
        is_end(flow) && flow.destination_port == Some(53)
    });
    silent(&udp);
    assert_eq!(udp.flow_id, start.flow_id);
    assert_eq!((udp.to_server.pkts, udp.to_client.pkts), (1, 0));
    let echo = guard.flow("the end of the ping", |flow| {
        is_end(flow) && flow.protocol == protocol::ICMP
    });
    silent(&echo);
    assert_eq!((echo.to_server.pkts, echo.to_client.pkts), (1, 1));
}

#[test]
#[ignore = "needs root"]
fn flows_that_go_on_end_with_the_daemon() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[53]", ""));
    let tcp = EchoServer::tcp(lab.internet(), at(SERVER_V4, 443)).unwrap();
    let udp = EchoServer::udp(lab.internet(), at(SERVER_V4, 53)).unwrap();
    let mut session = TcpSession::open(lab.client(), CLIENT_V4, tcp.address(), SOON).unwrap();
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    udp_exchange(lab.client(), CLIENT_V4, udp.address(), SOON).unwrap();
    let reports = guard.stop();
    for port in [443, 53] {
        let end = last_end(&reports, port);
        assert_eq!(end.kind, RecordKind::End(EndReason::Shutdown));
        assert!(
            end.to_server.pkts >= 1 && end.to_client.pkts >= 1,
            "{end:?}"
        );
    }
    // And the session itself does not.
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
}
