//! What a client sees of a denial.

use std::io::ErrorKind;

use exitguard::lab::{
    CLIENT2_V4, EchoServer, Exchange, LabError, tcp_exchange, tcp_transfer, udp_exchange,
};

use crate::guarded::{Guarded, last_stats, policy};
use crate::{PAIRS, SILENCE, SOON, at};

#[test]
#[ignore = "needs root"]
fn reject_is_an_answer_at_once() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[53]", "on_deny = \"reject\""));
    for (client, server) in PAIRS {
        let tcp = EchoServer::tcp(lab.internet(), at(server, 444)).unwrap();
        let udp = EchoServer::udp(lab.internet(), at(server, 54)).unwrap();
        let answer = tcp_exchange(lab.client(), client, tcp.address(), SOON).unwrap();
        assert_eq!(answer, Exchange::Refused, "{server}");
        // "Administratively prohibited", as Linux tells it: RFC 1812 §5.2.7.1, RFC 4443 §3.1.
        let prohibited = if server.is_ipv4() {
            ErrorKind::HostUnreachable
        } else {
            ErrorKind::PermissionDenied
        };
        let answer = udp_exchange(lab.client(), client, udp.address(), SOON).unwrap();
        assert_eq!(answer, Exchange::Unreachable(prohibited), "{server}");
        assert_eq!((tcp.calls(), udp.calls()), (0, 0));
        for port in [444, 54] {
            let deny = guard.denied(port);
            assert_eq!((deny.source, deny.action()), (Some(client), "reject"));
        }
    }
    let stats = last_stats(&guard.stop()).kernel;
    assert_eq!((stats.replies_sent, stats.replies_withheld), (4, 0));
}

#[test]
#[ignore = "needs root"]
fn drop_is_silence() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[53]", "on_deny = \"drop\""));
    for (client, server) in PAIRS {
        let tcp = EchoServer::tcp(lab.internet(), at(server, 444)).unwrap();
        let udp = EchoServer::udp(lab.internet(), at(server, 54)).unwrap();
        let answer = tcp_exchange(lab.client(), client, tcp.address(), SILENCE).unwrap();
        assert_eq!(answer, Exchange::TimedOut, "{server}");
        let answer = udp_exchange(lab.client(), client, udp.address(), SILENCE).unwrap();
        assert_eq!(answer, Exchange::TimedOut, "{server}");
        assert_eq!((tcp.calls(), udp.calls()), (0, 0));
        for port in [444, 54] {
            assert_eq!(guard.denied(port).action(), "drop");
        }
    }
    let stats = last_stats(&guard.stop()).kernel;
    assert_eq!((stats.replies_sent, stats.replies_withheld), (0, 0));
}

#[test]
#[ignore = "needs root"]
fn each_client_has_its_own_way_of_denial() {
    let more = format!(
        "on_deny = \"drop\"\n[[client]]\nname = \"second\"\nmatch = [\"{CLIENT2_V4}\"]\non_deny = \"reject\""
    );
    let Guarded { lab, .. } = Guarded::new(&policy("[443]", "[]", &more));
    let (client, server) = PAIRS[0];
    let ask = |client, within| tcp_exchange(lab.client(), client, at(server, 444), within).unwrap();
    assert_eq!(ask(client, SILENCE), Exchange::TimedOut);
    assert_eq!(ask(CLIENT2_V4, SOON), Exchange::Refused);
}

/// A transfer that becomes denied is reset, in the middle of its super-packets.
#[test]
#[ignore = "needs root"]
fn a_running_transfer_is_reset() {
    let reject = "on_deny = \"reject\"";
    for (client, server) in PAIRS {
        let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", reject));
        let echo = EchoServer::tcp(lab.internet(), at(server, 443)).unwrap();
        let transfer = std::thread::scope(|scope| {
            let client_side = lab.client();
            let address = echo.address();
            // More than anybody can send before the policy changes.
            let transfer =
                scope.spawn(move || tcp_transfer(client_side, client, address, 1 << 40, SOON));
            guard.started(443);
            guard.apply(&policy("[]", "[]", reject));
            transfer.join().unwrap()
        });
        let Err(LabError::Socket { error, .. }) = transfer else {
            panic!("{transfer:?}");
        };
        // A socket tells of its reset once; here to whom of reader and writer comes first.
        let ended = [ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof];
        assert!(ended.contains(&error.kind()), "{error}");
        let deny = guard.denied(443);
        assert!(deny.to_server.bytes > 0, "{deny:?}");
    }
}
