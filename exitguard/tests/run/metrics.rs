//! What is scraped of a daemon.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;

use nix::sys::signal::Signal;

use crate::exit_node::{Daemon, ExitNode, POLICY};
use crate::kernel::take_off;
use crate::{is_state, until};

const REQUEST: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn policy(listen: &str) -> String {
    format!("{POLICY}[metrics]\nlisten = \"{listen}\"\n")
}

/// Samples by their series.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn scrape(mut stream: impl Read + Write) -> BTreeMap<String, f64> {
    stream.write_all(REQUEST).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    samples(body)
}

fn at_socket(node: &ExitNode) -> BTreeMap<String, f64> {
    scrape(UnixStream::connect(node.file("metrics.sock")).unwrap())
}

/// `exitguard status --metrics`: how it exits, what it says and what it complains of.
fn printed(node: &ExitNode) -> (Option<i32>, String, String) {
    let mut command = node.command();
    command
        .args(["status", "--metrics", "--config"])
        .arg(node.config());
    let output = node.output(command);
    let [said, complaint] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    (output.status.code(), said, complaint)
}

#[test]
#[ignore = "needs root"]
fn a_scrape_says_what_the_guard_did() {
    let node = ExitNode::new(&policy("unix:metrics.sock"));
    node.write_list("bad.txt", "203.0.113.128/25\n");
    let list = "[[list]]\nname = \"bad\"\nsource = \"bad.txt\"\n[lists]\ncache = \"cache\"\n";
    node.write(&format!("{}{list}", policy("unix:metrics.sock")));
    let daemon = node.guard();
    let before = at_socket(&node);
    assert_eq!(
        before["exitguard_denied_packets_total{reason=\"port\"}"],
        0.0
    );
    node.assert_guarded();
    let after = at_socket(&node);
    for (series, expected) in [
        ("exitguard_protection{state=\"enforcing\"}", 1.0),
        ("exitguard_protection{state=\"unprotected\"}", 0.0),
        ("exitguard_policy_generation", 1.0),
        ("exitguard_reload_failed", 0.0),
        ("exitguard_denied_packets_total{reason=\"port\"}", 1.0),
        (
            "exitguard_packets_total{direction=\"outbound\",verdict=\"denied\"}",
            1.0,
        ),
        ("exitguard_list_entries{list=\"bad\"}", 1.0),
        ("exitguard_list_state{list=\"bad\",state=\"current\"}", 1.0),
        ("exitguard_unprotected_seconds_total", 0.0),
        ("exitguard_lost_events_total{at=\"kernel\"}", 0.0),
    ] {
        assert_eq!(after[series], expected, "{series}");
    }
    assert!(after["exitguard_packets_total{direction=\"outbound\",verdict=\"passed\"}"] >= 3.0);
    assert!(after["exitguard_list_age_seconds{list=\"bad\"}"] >= 0.0);
    let (code, said, complaint) = printed(&node);
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    let names = |samples: &BTreeMap<String, f64>| samples.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&samples(&said)), names(&after));

    node.write("mode = 7\n");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the failure", |event| is_state(event, "reload_failed"));
    assert_eq!(at_socket(&node)["exitguard_reload_failed"], 1.0);
    daemon.stop();
    assert!(!node.file("metrics.sock").exists());
}

#[test]
#[ignore = "needs root"]
fn programs_that_are_taken_off_show_in_the_metrics() {
    let node = ExitNode::new(&policy("unix:metrics.sock"));
    let daemon = node.guard();
    take_off(&node);
    daemon.wait_for("the return", |event| is_state(event, "interface_back"));
    until("the time without protection", || {
        at_socket(&node)["exitguard_unprotected_seconds_total"] > 0.0
    });
}

#[test]
#[ignore = "needs root"]
fn a_port_is_open_to_this_host_only() {
    let node = ExitNode::new(&policy("127.0.0.1:9469"));
    let _daemon = node.guard();
    let address: SocketAddr = "127.0.0.1:9469".parse().unwrap();
    let connect = || TcpStream::connect(address);
    let scraped = scrape(node.lab.exit().enter(connect).unwrap().unwrap());
    assert_eq!(scraped["exitguard_protection{state=\"enforcing\"}"], 1.0);
    let refused = node.lab.client().enter(connect).unwrap().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
#[ignore = "needs root"]
fn a_daemon_that_waits_for_its_interface_can_be_scraped() {
    let node = ExitNode::new(&format!(
        "interface = \"absent0\"\n{}",
        policy("unix:metrics.sock")
    ));
    let mut run = node.run();
    run.arg("--wait");
    let daemon = Daemon::new(node.spawn(run));
    daemon.wait_for("the wait", |event| is_state(event, "waiting"));
    let scraped = at_socket(&node);
    assert_eq!(scraped["exitguard_protection{state=\"waiting\"}"], 1.0);
    assert_eq!(printed(&node).0, Some(1));
}

/// To guard without being scraped is better than not to guard.
#[test]
#[ignore = "needs root"]
fn a_place_that_is_taken_is_told_and_guards_all_the_same() {
    let node = ExitNode::new(&policy("unix:metrics.sock"));
    std::fs::write(node.file("metrics.sock"), "").unwrap();
    let daemon = node.guard();
    let told = daemon.wait_for("the trouble", |event| is_state(event, "no_metrics"));
    let message = told["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("metrics.sock"), "{message}");
    node.assert_guarded();
}

#[test]
#[ignore = "needs root"]
fn without_a_daemon_there_is_nothing_to_count() {
    let node = ExitNode::new(POLICY);
    let (code, said, complaint) = printed(&node);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(complaint.contains("no daemon answers at "), "{complaint}");
}

#[test]
#[ignore = "needs root"]
fn who_says_nothing_keeps_the_daemon_from_nothing() {
    let node = ExitNode::new(&policy("unix:metrics.sock"));
    let daemon = node.guard();
    let connect = || UnixStream::connect(node.file("metrics.sock")).unwrap();
    let idle: Vec<_> = (0..200).map(|_| connect()).collect();
    node.assert_guarded();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    let (code, _, complaint) = printed(&node);
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    // Places become free while the others are still there.
    until("a scrape", || {
        let mut stream = connect();
        let mut said = String::new();
        let sent = stream.write_all(REQUEST);
        sent.and_then(|()| stream.read_to_string(&mut said)).is_ok() && !said.is_empty()
    });
    drop(idle);
    assert_eq!(at_socket(&node)["exitguard_policy_generation"], 2.0);
}
