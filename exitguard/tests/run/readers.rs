//! Readers of stdout that are slow, or gone.

use std::net::{SocketAddr, UdpSocket};

use exitguard::lab::{CLIENT2_V4, Exchange, SERVER_V4};
use nix::sys::signal::Signal;

use crate::exit_node::{ExitNode, LENIENT, OPEN, POLICY, SHUT, events, next, output, send};
use crate::{is_state, until};

#[test]
#[ignore = "needs root"]
fn a_reader_that_leaves_ends_the_daemon_quietly_and_not_the_guard() {
    let node = ExitNode::new(POLICY);
    let mut child = node.spawn(node.run());
    drop(child.stdout.take());
    // The first report finds nobody.
    let output = output(child);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    node.assert_guarded();
}

/// `exitguard run | head -1`
#[test]
#[ignore = "needs root"]
fn a_reader_that_has_seen_enough_ends_the_daemon_quietly() {
    let node = ExitNode::new(POLICY);
    let mut child = node.spawn(node.run());
    let stdout = events(child.stdout.take().unwrap());
    next(&stdout, "the start", |event| is_state(event, "started"));
    // Its thread closes the pipe at the next event.
    drop(stdout);
    until("the end", || {
        node.assert_guarded();
        child.try_wait().unwrap().is_some()
    });
    let output = output(child);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    node.assert_guarded();
}

/// More than pipe and queue take, and less than the kernel reports in a second.
const DATAGRAMS: u16 = 12_000;

/// Sends a datagram to each of many ports, none faster than the relay moves them; as the second client, because
/// rejections are rationed by client.
pub(crate) fn flood(node: &ExitNode) {
    const BATCH: u64 = 100;
    let bind = || UdpSocket::bind((CLIENT2_V4, 0)).unwrap();
    let socket = node.lab.client().enter(bind).unwrap();
    let before = node.lab.outbound().frames;
    for (sent, port) in (1..).zip(1..=DATAGRAMS) {
        // A rejection of an earlier one shows up here.
        let _ = socket.send_to(b"x", SocketAddr::new(SERVER_V4, port));
        if sent % BATCH == 0 {
            let moved = || node.lab.outbound().frames - before;
            until("the relay", || moved() + BATCH >= sent);
        }
    }
}

#[test]
#[ignore = "needs root"]
fn a_reader_that_does_not_read_stops_nothing_and_learns_what_it_missed() {
    let node = ExitNode::new(POLICY);
    let mut child = node.spawn(node.run());
    until("the guard", || node.ask(SHUT) == Exchange::Refused);
    flood(&node);
    node.assert_guarded();
    // Policies are applied whether anybody reads of it or not.
    node.write(LENIENT);
    send(&child, Signal::SIGHUP);
    until("the policy", || node.ask(SHUT) == Exchange::Answered);
    assert_eq!(node.ask(OPEN), Exchange::Answered);

    let stdout = events(child.stdout.take().unwrap());
    let mut denied = 0;
    let lost = next(&stdout, "the loss", |event| {
        denied += u64::from(event["event_type"] == "drop");
        event["event_type"] == "lost"
    });
    let [unread, kernel] = ["output", "kernel"].map(|of| lost["exitguard"][of].as_u64().unwrap());
    assert!(unread > 0, "{lost:#}");
    assert!(
        denied + unread + kernel >= u64::from(DATAGRAMS),
        "{denied} {lost:#}"
    );
    send(&child, Signal::SIGTERM);
    next(&stdout, "the end", |event| is_state(event, "stopped"));
    assert_eq!(output(child).status.code(), Some(0));
}

#[test]
#[ignore = "needs root"]
fn a_reader_that_does_not_read_does_not_keep_the_daemon_from_ending() {
    let node = ExitNode::new(POLICY);
    let mut child = node.spawn(node.run());
    until("the guard", || node.ask(SHUT) == Exchange::Refused);
    flood(&node);
    send(&child, Signal::SIGTERM);
    // The pipe stays open and unread until then.
    let _unread = child.stdout.take();
    assert_eq!(output(child).status.code(), Some(0));
    node.assert_guarded();
}
