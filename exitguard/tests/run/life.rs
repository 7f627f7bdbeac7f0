//! From start to end.

use std::process::Stdio;

use exitguard::lab::{CLIENT_V4, Exchange, SERVER_V4};
use nix::sys::signal::Signal;

use crate::exit_node::{Daemon, ExitNode, OPEN, POLICY, SHUT, output, send};
use crate::{is_flow, is_state, until};

#[test]
#[ignore = "needs root"]
fn the_first_event_says_that_the_policy_is_in_force() {
    let node = ExitNode::new(POLICY);
    let daemon = Daemon::new(node.spawn(node.run()));
    let first = daemon.wait_for("anything", |_| true);
    assert!(is_state(&first, "started"), "{first:#}");
    assert_eq!(first["in_iface"], "tailscale0");
    assert_eq!(first["exitguard"]["mode"], "enforce");
    assert_eq!(first["exitguard"]["generation"], 1);
    // In force means that from here on nothing gets through that should not.
    node.assert_guarded();
    let start = daemon.wait_for("a flow", |event| is_flow(event, "start", OPEN));
    assert_eq!(start["src_ip"], CLIENT_V4.to_string());
    assert_eq!(start["dest_ip"], SERVER_V4.to_string());
    assert_eq!(start["verdict"]["action"], "pass");
    let deny = daemon.wait_for("a denial", |event| is_flow(event, "deny", SHUT));
    assert_eq!(deny["event_type"], "drop");
    assert_eq!(deny["verdict"]["action"], "reject");
    assert_eq!(deny["drop"]["reason"], "port");
}

#[test]
#[ignore = "needs root"]
fn ends_on_request_with_a_summary() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let node = ExitNode::new(POLICY);
        let daemon = node.guard();
        node.assert_guarded();
        daemon.signal(signal);
        let ended = daemon.ended();
        assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
        let [.., end, stats, stopped] = ended.events.as_slice() else {
            panic!("{:#?}", ended.events);
        };
        assert!(is_flow(end, "end", OPEN), "{end:#}");
        assert_eq!(stats["event_type"], "stats");
        assert_eq!(stats["exitguard"]["denied_pkts"]["port"], 1, "{stats:#}");
        assert!(
            stats["exitguard"]["outbound"]["pkts"].as_u64() >= Some(4),
            "{stats:#}"
        );
        assert!(is_state(stopped, "stopped"), "{stopped:#}");
        node.assert_guarded();
    }
}

#[test]
#[ignore = "needs root"]
fn tells_people_lines_without_escapes() {
    let node = ExitNode::new(POLICY);
    let mut run = node.command();
    run.arg("run").arg("--config").arg(node.config());
    let child = node.spawn(run);
    until("the guard", || node.ask(SHUT) == Exchange::Refused);
    send(&child, Signal::SIGTERM);
    let output = output(child);
    assert_eq!(output.status.code(), Some(0));
    let told = String::from_utf8(output.stdout).unwrap();
    let first = told.lines().next().unwrap();
    assert!(
        first.contains("tailscale0") && first.contains("started"),
        "{told}"
    );
    let denied = format!("{SERVER_V4}:{SHUT}");
    assert!(
        told.lines()
            .any(|line| line.contains("REJECT") && line.contains(&denied)),
        "{told}"
    );
    assert!(told.lines().last().unwrap().contains("stopped"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
}

#[test]
#[ignore = "needs root"]
fn the_command_line_wins_over_the_file() {
    let node = ExitNode::new(&POLICY.replace("[egress]", "interface = \"other0\"\n[egress]"));
    let mut run = node.run();
    run.args(["--interface", "auto", "--mode", "observe"]);
    let daemon = Daemon::new(node.spawn(run));
    let started = daemon.wait_for("the start", |event| is_state(event, "started"));
    assert_eq!(started["in_iface"], "tailscale0");
    assert_eq!(started["exitguard"]["mode"], "observe");
    node.assert_open();
}

#[test]
#[ignore = "needs root"]
fn warnings_go_to_stderr() {
    let client = "[[client]]\nname = \"a\"\nmatch = [\"100.64.7.9/24\"]\n";
    let node = ExitNode::new(&format!("{POLICY}{client}"));
    let mut run = node.run();
    run.stderr(Stdio::piped());
    let daemon = Daemon::new(node.spawn(run));
    daemon.wait_for("the start", |event| is_state(event, "started"));
    let ended = daemon.stop();
    assert!(ended.stderr.starts_with("warning: "), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("exitguard.toml:8:10: "),
        "{}",
        ended.stderr
    );
}
