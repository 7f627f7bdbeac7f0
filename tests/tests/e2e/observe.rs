//! Mode `observe`: everything passes, and what would not is told.

use exitguard::lab::{
    CLIENT_V4, EchoServer, Exchange, LAN_HOST_V4, ping, tcp_exchange, udp_exchange,
};
use exitguard_common::abi::{Reason, Verdict};

use crate::guarded::{Guarded, last_stats, policy};
use crate::{PAIRS, SILENCE, SOON, at};

#[test]
#[ignore = "needs root"]
fn everything_passes_and_is_told_apart() {
    let enforcing = policy("[443]", "[]", "icmp = false");
    let observing = enforcing.replace("\"enforce\"", "\"observe\"");
    let Guarded { guard, lab } = Guarded::new(&observing);
    for (client, server) in PAIRS {
        let tcp = EchoServer::tcp(lab.internet(), at(server, 444)).unwrap();
        let udp = EchoServer::udp(lab.internet(), at(server, 54)).unwrap();
        let allowed = EchoServer::tcp(lab.internet(), at(server, 443)).unwrap();
        for server in [&tcp, &allowed] {
            let answer = tcp_exchange(lab.client(), client, server.address(), SOON).unwrap();
            assert_eq!(answer, Exchange::Answered);
        }
        let answer = udp_exchange(lab.client(), client, udp.address(), SOON).unwrap();
        assert_eq!(answer, Exchange::Answered);
        let answer = ping(lab.client(), client, server, SOON).unwrap();
        assert_eq!(answer, Exchange::Answered);
        for port in [444, 54] {
            let told = guard.flow("what would be denied", |flow| {
                flow.destination_port == Some(port)
            });
            assert_eq!(told.decision.verdict, Verdict::WouldDeny);
            assert_eq!(
                (told.decision.reason, told.action()),
                (Reason::Port, "pass")
            );
        }
        assert_eq!(guard.started(443).decision.verdict, Verdict::Allow);
    }
    let printer = EchoServer::tcp(lab.lan(), at(LAN_HOST_V4, 443)).unwrap();
    let answer = tcp_exchange(lab.client(), CLIENT_V4, printer.address(), SOON).unwrap();
    assert_eq!(answer, Exchange::Answered);
    let told = guard.flow("the LAN", |flow| flow.destination == Some(LAN_HOST_V4));
    assert_eq!(told.decision.verdict, Verdict::WouldDeny);
    assert_eq!(told.decision.reason, Reason::Lan);

    // The same policy, enforced.
    guard.apply(&enforcing);
    let answer = tcp_exchange(lab.client(), CLIENT_V4, printer.address(), SILENCE).unwrap();
    assert_eq!((answer, printer.calls()), (Exchange::TimedOut, 1));
    let stats = last_stats(&guard.stop()).kernel;
    assert!(
        stats.would_deny_pkts[Reason::Port as usize] >= 2 * 6,
        "{stats:?}"
    );
    assert!(
        stats.would_deny_pkts[Reason::Icmp as usize] >= 2,
        "{stats:?}"
    );
    assert_eq!(stats.denied_pkts[Reason::Port as usize], 0, "{stats:?}");
}
