//! What a block stops, and when: with packets under way.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use exitguard::control::{ChangeKind, Client, NewChange};
use exitguard::lab::{CLIENT_V4, EXIT_V4, EchoServer, Exchange, SERVER_V4, tcp_exchange};
use nix::sys::signal::Signal;

use crate::changes::{must, server};
use crate::exit_node::{ExitNode, LENIENT, SHUT};
use crate::{SOON, is_state, until};

pub(crate) fn new_block() -> NewChange {
    NewChange {
        kind: ChangeKind::Block,
        destination: Some(server()),
        client: None,
        seconds: None,
        comment: String::new(),
        session: None,
        force: false,
    }
}

/// Nothing of a connection that is open gets through once the answer is there, and the answer comes soon.
#[test]
#[ignore = "needs root"]
fn a_block_cuts_a_transfer_that_is_under_way_within_a_tenth_of_a_second() {
    const ROUNDS: usize = 5;
    let node = ExitNode::new(LENIENT);
    let _daemon = node.guard();
    let mut operator = Client::connect(&node.file("control.sock")).unwrap();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let mut transfer = node.session();
        let last = Mutex::new(None);
        let (asked, answered, changed) = thread::scope(|scope| {
            let transfer = scope.spawn(|| {
                while transfer.exchange(SOON).unwrap() == Exchange::Answered {
                    *last.lock().unwrap() = Some(Instant::now());
                }
            });
            until("the transfer", || last.lock().unwrap().is_some());
            let asked = Instant::now();
            let changed = operator.change(new_block()).unwrap();
            let answered = Instant::now();
            transfer.join().unwrap();
            (asked, answered, changed)
        });
        let last = last.into_inner().unwrap().unwrap();
        assert!(last <= answered, "it went on for {:?}", last - answered);
        assert!(changed.flows >= 1, "{changed:?}");
        times.push(last.saturating_duration_since(asked));
        operator.revert(changed.change.id).unwrap();
    }
    times.sort_unstable();
    eprintln!("the last exchange after a block was asked for: {times:?}");
    assert!(times[0] < Duration::from_millis(100), "{times:?}");
}

/// Sent while nothing may pass: from the answer to a block on, until it is taken back.
const HELD: u8 = 1;

/// Datagrams of one flow without a pause, each saying whether it was sent while the block held. None of those arrives,
/// whatever else is changed, reloaded or restarted meanwhile.
#[test]
#[ignore = "needs root"]
fn nothing_passes_a_block_in_a_flood_while_policies_are_replaced() {
    const ROUNDS: usize = 8;
    let node = ExitNode::new("mode = \"enforce\"\n[egress]\ntcp = [80]\nudp = [81]\n");
    let mut daemon = node.guard();
    let host = EchoServer::tcp(node.lab.exit(), SocketAddr::new(EXIT_V4, 0)).unwrap();
    let far = SocketAddr::new(SERVER_V4, SHUT);
    let sink = node.lab.internet().enter(|| UdpSocket::bind(far));
    let sink = sink.unwrap().unwrap();
    sink.set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let socket = node.lab.client().enter(|| UdpSocket::bind((CLIENT_V4, 0)));
    let socket = socket.unwrap().unwrap();
    let [held, last] = [0, 0].map(AtomicU8::new);
    let goes_on = AtomicBool::new(true);
    let [passed, leaked, sent] = [0, 0, 0].map(AtomicU64::new);
    thread::scope(|scope| {
        scope.spawn(|| {
            while goes_on.load(Ordering::Relaxed) {
                let mark = [held.load(Ordering::SeqCst)];
                // A full queue takes nothing for a moment.
                if socket.send_to(&mark, far).is_ok() && mark == [HELD] {
                    sent.fetch_add(1, Ordering::Relaxed);
                }
                last.store(mark[0], Ordering::SeqCst);
            }
        });
        scope.spawn(|| {
            let mut mark = [0];
            while goes_on.load(Ordering::Relaxed) {
                if sink.recv(&mut mark).is_ok() {
                    let count = if mark == [HELD] { &leaked } else { &passed };
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        for round in 0..ROUNDS {
            let before = passed.load(Ordering::Relaxed);
            until("the flood", || passed.load(Ordering::Relaxed) > before);
            must(&node, &["block", &server()]);
            held.store(HELD, Ordering::SeqCst);
            must(&node, &["block", "198.51.100.77", "--for", "1h"]);
            if round % 2 == 0 {
                daemon.signal(Signal::SIGHUP);
                daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
            } else {
                daemon.kill();
                daemon = node.guard();
            }
            must(&node, &["unblock", "198.51.100.77"]);
            held.store(0, Ordering::SeqCst);
            until("the end of it", || last.load(Ordering::SeqCst) == 0);
            // Behind everything that was sent before, through the same queues: the block holds until all of it is judged.
            let behind = tcp_exchange(node.lab.client(), CLIENT_V4, host.address(), SOON);
            assert_eq!(behind.unwrap(), Exchange::Answered);
            must(&node, &["unblock", &server()]);
        }
        goes_on.store(false, Ordering::Relaxed);
    });
    let (leaked, sent) = (leaked.into_inner(), sent.into_inner());
    eprintln!("{leaked} of {sent} passed a block; {passed:?} passed without");
    assert_eq!(leaked, 0, "of {sent}");
}
