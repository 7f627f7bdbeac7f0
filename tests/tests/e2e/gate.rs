//! `fail = "closed"`: what clients send goes nowhere while the programs are not there.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use exitguard::host::{Gate, Inspector};
use exitguard::lab::{
    CLIENT_V4, EXIT_V4, EchoServer, Exchange, Lab, LabOptions, SERVER_V4, TUN, tcp_exchange,
    tcp_transfer, udp_exchange,
};
use exitguard::output::StateEvent;

use crate::guarded::{Guard, Guarded, policy};
use crate::{PAIRS, SILENCE, SOON, at};

/// Re-creations of the interface under flood.
const TIMES: u64 = 25;

fn closed(tcp: &str, udp: &str) -> String {
    format!("fail = \"closed\"\n{}", policy(tcp, udp, ""))
}

/// Works with netlink on the exit node.
fn on_exit<T: Send>(lab: &Lab, work: impl AsyncFnOnce(Inspector) -> T + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { work(Inspector::new().unwrap()).await })
    };
    lab.exit().enter(run).unwrap()
}

fn gate(lab: &Lab) -> Gate {
    on_exit(lab, async |inspector| inspector.gate(TUN).await.unwrap())
}

#[test]
#[ignore = "needs root"]
fn what_the_policy_allows_passes_the_gate() {
    let Guarded { guard, lab } = Guarded::new(&closed("[443]", "[53]"));
    assert_eq!(gate(&lab), Gate::Closed);
    for (client, server) in PAIRS {
        let tcp = EchoServer::tcp(lab.internet(), at(server, 443)).unwrap();
        let udp = EchoServer::udp(lab.internet(), at(server, 53)).unwrap();
        // In super-packets, which are marked as one.
        tcp_transfer(lab.client(), client, tcp.address(), 1 << 22, SOON).unwrap();
        let answer = udp_exchange(lab.client(), client, udp.address(), SILENCE).unwrap();
        assert_eq!(answer, Exchange::Answered);
        let host = if client.is_ipv4() {
            EXIT_V4
        } else {
            exitguard::lab::EXIT_V6
        };
        let ssh = EchoServer::tcp(lab.exit(), at(host, 22)).unwrap();
        let answer = tcp_exchange(lab.client(), client, ssh.address(), SILENCE).unwrap();
        assert_eq!(answer, Exchange::Answered);
    }
    drop(guard);
}

/// Every packet of the flood is denied, or not forwarded for want of a mark: none arrives.
#[test]
#[ignore = "needs root"]
fn nothing_leaks_while_the_interface_is_re_created_under_flood() {
    let Guarded { guard, mut lab } = Guarded::new(&closed("[]", "[53]"));
    let shut = EchoServer::udp(lab.internet(), at(SERVER_V4, 444)).unwrap();
    let open = EchoServer::udp(lab.internet(), at(SERVER_V4, 53)).unwrap();
    let socket = lab.client().enter(|| UdpSocket::bind((CLIENT_V4, 0)));
    let socket = socket.unwrap().unwrap();
    let (ends, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                // A full queue takes nothing for a moment.
                if socket.send_to(b"flood", shut.address()).is_ok() {
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        for _ in 0..TIMES {
            lab.recreate_tun().unwrap();
            let crossed = lab.outbound().frames;
            crate::until("the flood", || lab.outbound().frames > crossed + 100);
        }
        crate::until("the guard", || {
            let answer = udp_exchange(lab.client(), CLIENT_V4, open.address(), SILENCE);
            answer.unwrap() == Exchange::Answered
        });
        ends.store(true, Ordering::Relaxed);
    });
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent > 100 * TIMES, "{sent}");
    assert_eq!(shut.calls(), 0, "of {sent}");
    drop(guard);
}

#[test]
#[ignore = "needs root"]
fn without_a_daemon_a_new_interface_forwards_nothing_and_the_host_is_reachable() {
    let Guarded { guard, mut lab } = Guarded::new(&closed("[443]", "[]"));
    let open = EchoServer::tcp(lab.internet(), at(SERVER_V4, 443)).unwrap();
    let ssh = EchoServer::tcp(lab.exit(), at(EXIT_V4, 22)).unwrap();
    let ask = |lab: &Lab, server: &EchoServer| {
        tcp_exchange(lab.client(), CLIENT_V4, server.address(), SILENCE).unwrap()
    };
    guard.stop();
    assert_eq!(ask(&lab, &open), Exchange::Answered);
    lab.recreate_tun().unwrap();
    assert_eq!(
        (ask(&lab, &open), ask(&lab, &ssh)),
        (Exchange::TimedOut, Exchange::Answered)
    );
    // The next one opens for what its policy allows, and not for more.
    let guard = Guard::start(lab.exit(), &closed("[443]", "[]"));
    assert_eq!(ask(&lab, &open), Exchange::Answered);
    guard.stop();
    let guard = Guard::start(lab.exit(), &policy("[443]", "[]", ""));
    crate::until("the end of the gate", || gate(&lab) == Gate::Open);
    assert_eq!(ask(&lab, &open), Exchange::Answered);
    drop(guard);
}

/// As systemd-networkd does with rules that it does not know.
#[test]
#[ignore = "needs root"]
fn a_gate_that_somebody_removes_is_closed_again() {
    let Guarded { guard, lab } = Guarded::new(&closed("[443]", "[]"));
    for _ in 0..2 {
        let was_there = on_exit(&lab, async |inspector| inspector.open_gate(TUN).await);
        assert!(was_there.unwrap());
        guard.state(StateEvent::GateRestored);
        assert_eq!(gate(&lab), Gate::Closed);
    }
}

#[test]
#[ignore = "needs root"]
fn the_gate_is_closed_before_the_interface_is_there() {
    let mut lab = Lab::build(&LabOptions::default()).unwrap();
    lab.remove_tun();
    let guard = Guard::start_early(lab.exit(), &closed("[443]", "[]"));
    crate::until("the gate", || gate(&lab) == Gate::Closed);
    lab.recreate_tun().unwrap();
    guard.state(StateEvent::Started);
    let open = EchoServer::tcp(lab.internet(), at(SERVER_V4, 443)).unwrap();
    let answer = tcp_exchange(lab.client(), CLIENT_V4, open.address(), SILENCE).unwrap();
    assert_eq!(answer, Exchange::Answered);
}
