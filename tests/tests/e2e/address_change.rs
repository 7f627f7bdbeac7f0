//! The networks of the exit node change while it is guarded.

use std::net::IpAddr;

use exitguard::lab::{CLIENT_V4, EchoServer, Exchange, Links, TcpSession, tcp_exchange};
use exitguard::output::StateEvent;
use exitguard_common::abi::Reason;

use crate::guarded::{Guarded, policy};
use crate::{SILENCE, SOON, at};

/// A network of documentation's own that nothing in the lab uses (RFC 2544).
const NEW: &str = "198.18.5.10";

#[test]
#[ignore = "needs root"]
fn a_network_that_the_exit_node_joins_is_guarded_as_its_lan() {
    let new: IpAddr = NEW.parse().unwrap();
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", ""));
    // Nobody is there, but the policy would let it pass.
    let far = at(new, 443);
    let nobody = tcp_exchange(lab.client(), CLIENT_V4, far, SILENCE).unwrap();
    assert!(matches!(nobody, Exchange::Unreachable(_)), "{nobody:?}");
    assert_eq!(guard.started(443).decision.reason, Reason::Port);

    let mut here = Links::of(lab.exit()).unwrap();
    here.add_veth("lan2", "lan3", lab.lan()).unwrap();
    let mut there = Links::of(lab.lan()).unwrap();
    here.set_up("lan2").unwrap();
    there.set_up("lan3").unwrap();
    there.wait_up("lan3").unwrap();
    there
        .add_address("lan3", "198.18.5.10/24".parse().unwrap())
        .unwrap();
    here.add_address("lan2", "198.18.5.1/24".parse().unwrap())
        .unwrap();
    let server = EchoServer::tcp(lab.lan(), far).unwrap();
    // Word of the addresses comes one by one, and that of IPv6's link-local one may be the first.
    loop {
        guard.state(StateEvent::Reloaded);
        let before = server.calls();
        let answer = tcp_exchange(lab.client(), CLIENT_V4, far, SILENCE).unwrap();
        if answer == Exchange::TimedOut {
            assert_eq!(server.calls(), before);
            break;
        }
    }
    let deny = guard.denied(443);
    assert_eq!(
        (deny.destination, deny.decision.reason),
        (Some(new), Reason::Lan)
    );
    // The exit node itself still gets there.
    let own = TcpSession::open(lab.exit(), "198.18.5.1".parse().unwrap(), far, SOON);
    assert_eq!(own.unwrap().exchange(SOON).unwrap(), Exchange::Answered);

    // And what is left again is the Internet again.
    here.remove("lan2").unwrap();
    loop {
        guard.state(StateEvent::Reloaded);
        let answer = tcp_exchange(lab.client(), CLIENT_V4, far, SILENCE).unwrap();
        if answer != Exchange::TimedOut {
            assert!(matches!(answer, Exchange::Unreachable(_)), "{answer:?}");
            break;
        }
    }
}
