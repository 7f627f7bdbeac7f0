//! Policies change while clients go on as if nothing happened.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use exitguard::lab::{
    CLIENT_V4, CLIENT_V6, EchoServer, Exchange, SERVER_V4, SERVER_V6, TcpSession, tcp_exchange,
    udp_exchange,
};
use exitguard_common::abi::Reason;

use crate::guarded::{Guarded, policy};
use crate::stop::Stop;
use crate::{SILENCE, SOON, at};

const POLICIES: u16 = 25;

/// Allows 443 and 53 always, 444 and 54 never, and something else each time.
fn variant(number: u16) -> String {
    let more = match number % 3 {
        0 => "on_deny = \"drop\"".to_owned(),
        1 => "lan = true\n[allow]\ndestinations = [\"192.0.2.0/24\"]".to_owned(),
        _ => format!("[[client]]\nname = \"c{number}\"\nmatch = [\"100.64.0.9\"]\nicmp = false"),
    };
    policy(
        &format!("[443, {}]", 2000 + number),
        &format!("[53, {}]", 3000 + number),
        &more,
    )
}

#[test]
#[ignore = "needs root"]
fn under_load_nothing_leaks_and_nothing_that_is_allowed_fails() {
    let Guarded { guard, lab } = Guarded::new(&variant(0));
    let tcp = |server, port| EchoServer::tcp(lab.internet(), at(server, port)).unwrap();
    let udp = |server, port| EchoServer::udp(lab.internet(), at(server, port)).unwrap();
    let open = [tcp(SERVER_V4, 443), tcp(SERVER_V6, 443)];
    let open_udp = udp(SERVER_V4, 53);
    let shut = [
        tcp(SERVER_V4, 444),
        tcp(SERVER_V6, 444),
        udp(SERVER_V4, 54),
        udp(SERVER_V6, 54),
    ];
    let mut session = TcpSession::open(lab.client(), CLIENT_V4, open[0].address(), SOON).unwrap();
    let stop = &Stop::default();
    let [asked, refused] = [AtomicU64::new(0), AtomicU64::new(0)];
    thread::scope(|scope| {
        for (client, server) in [(CLIENT_V4, &open[0]), (CLIENT_V6, &open[1])] {
            let (lab, asked) = (&lab, &asked);
            scope.spawn(move || {
                let _stop = stop.on_drop();
                while stop.goes_on() {
                    let answer =
                        tcp_exchange(lab.client(), client, server.address(), SOON).unwrap();
                    assert_eq!(answer, Exchange::Answered);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let (lab, asked, refused) = (&lab, &asked, &refused);
        scope.spawn(|| {
            let _stop = stop.on_drop();
            while stop.goes_on() {
                let answer =
                    udp_exchange(lab.client(), CLIENT_V4, open_udp.address(), SOON).unwrap();
                assert_eq!(answer, Exchange::Answered);
                assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Many packets of denied flows, known and new: each retries as often as its patience allows.
        for server in &shut {
            scope.spawn(move || {
                let client = if server.address().is_ipv4() {
                    CLIENT_V4
                } else {
                    CLIENT_V6
                };
                let ask = if server.address().port() == 54 {
                    udp_exchange
                } else {
                    tcp_exchange
                };
                let _stop = stop.on_drop();
                while stop.goes_on() {
                    let patience = std::time::Duration::from_millis(5);
                    let answer = ask(lab.client(), client, server.address(), patience).unwrap();
                    assert_eq!(answer, Exchange::TimedOut);
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _stop = stop.on_drop();
        for number in 1..=POLICIES {
            // Some traffic under each of the policies.
            let before = asked.load(Ordering::Relaxed);
            while asked.load(Ordering::Relaxed) < before + 3 && stop.goes_on() {
                thread::yield_now();
            }
            assert_eq!(guard.apply(&variant(number)), 1 + u32::from(number));
        }
    });
    let [asked, refused] = [asked, refused].map(AtomicU64::into_inner);
    assert!(
        asked > u64::from(POLICIES) && refused > u64::from(POLICIES),
        "{asked} {refused}"
    );
    for server in shut {
        assert_eq!(server.calls(), 0, "{}", server.address());
    }
}

#[test]
#[ignore = "needs root"]
fn a_change_cuts_a_live_flow_and_a_change_back_lets_it_go_on() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", ""));
    let server = EchoServer::tcp(lab.internet(), at(SERVER_V4, 443)).unwrap();
    let mut session = TcpSession::open(lab.client(), CLIENT_V4, server.address(), SOON).unwrap();
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    let start = guard.started(443);
    let generation = guard.apply(&policy("[]", "[]", ""));
    assert_eq!(session.exchange(SILENCE).unwrap(), Exchange::TimedOut);
    let deny = guard.denied(443);
    assert_eq!((deny.flow_id, deny.generation), (start.flow_id, generation));
    assert_eq!(deny.decision.reason, Reason::Port);
    // TCP tries again by itself.
    guard.apply(&policy("[443]", "[]", ""));
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
}

#[test]
#[ignore = "needs root"]
fn a_lockdown_cuts_everything_but_the_way_to_the_exit_node() {
    use exitguard::lab::EXIT_V4;
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", ""));
    let server = EchoServer::tcp(lab.internet(), at(SERVER_V4, 443)).unwrap();
    let ssh = EchoServer::tcp(lab.exit(), at(EXIT_V4, 22)).unwrap();
    let open =
        |to: &EchoServer| TcpSession::open(lab.client(), CLIENT_V4, to.address(), SOON).unwrap();
    let [mut outside, mut operator] = [open(&server), open(&ssh)];
    for session in [&mut outside, &mut operator] {
        assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    }
    guard.apply(&policy("[443]", "[]", "lockdown = true"));
    assert_eq!(outside.exchange(SILENCE).unwrap(), Exchange::TimedOut);
    assert_eq!(operator.exchange(SOON).unwrap(), Exchange::Answered);
    assert_eq!(guard.denied(443).decision.reason, Reason::Lockdown);
    // Established means established.
    let new = tcp_exchange(lab.client(), CLIENT_V4, ssh.address(), SILENCE).unwrap();
    assert_eq!((new, ssh.calls()), (Exchange::TimedOut, 1));
}
