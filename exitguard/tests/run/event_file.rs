//! Events in a file of their own.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::exit_node::{ExitNode, POLICY, SHUT};
use crate::{is_flow, is_state, until};

fn policy() -> String {
    format!("{POLICY}[events]\nfile = \"events.jsonl\"\n")
}

fn events(node: &ExitNode, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(node.file(name)).unwrap_or_default();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
#[ignore = "needs root"]
fn the_file_says_what_the_output_says_and_goes_on_in_a_new_one_when_it_is_rotated() {
    let node = ExitNode::new(&policy());
    let daemon = node.guard();
    node.assert_guarded();
    daemon.wait_for("the denial", |event| is_flow(event, "deny", SHUT));
    until("the denial in the file", || {
        let events = events(&node, "events.jsonl");
        events.iter().any(|event| is_flow(event, "deny", SHUT))
    });
    fs::rename(node.file("events.jsonl"), node.file("events.jsonl.1")).unwrap();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    daemon.stop();
    let [old, new] = ["events.jsonl.1", "events.jsonl"].map(|name| events(&node, name));
    assert!(is_state(&old[0], "started"), "{}", old[0]);
    assert!(new.iter().any(|event| is_state(event, "reloaded")));
    assert!(is_state(new.last().unwrap(), "stopped"));
    assert!(!old.iter().any(|event| is_state(event, "reloaded")));
}

#[test]
#[ignore = "needs root"]
fn a_disk_without_room_is_told_and_used_again_when_there_is_some() {
    let node = ExitNode::new(&policy());
    symlink("/dev/full", node.file("events.jsonl")).unwrap();
    let daemon = node.guard();
    let told = daemon.wait_for("the trouble", |event| is_state(event, "no_event_file"));
    let message = told["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("No space left on device"), "{message}");
    let lost = daemon.wait_for("what is lost", |event| {
        event["event_type"] == "lost" && event["exitguard"]["file"].as_u64() > Some(0)
    });
    assert_eq!(lost["exitguard"]["output"], 0);
    node.assert_guarded();
    fs::remove_file(node.file("events.jsonl")).unwrap();
    daemon.signal(Signal::SIGHUP);
    let back = daemon.wait_for("the file", |event| is_state(event, "event_file_back"));
    let message = back["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("missing: "), "{message}");
    daemon.stop();
    let events = events(&node, "events.jsonl");
    assert!(
        events
            .iter()
            .any(|event| is_state(event, "event_file_back"))
    );
}

#[test]
#[ignore = "needs root"]
fn another_file_needs_a_restart() {
    let node = ExitNode::new(&policy());
    let daemon = node.guard();
    node.write(&policy().replace("events.jsonl", "other.jsonl"));
    daemon.signal(Signal::SIGHUP);
    let failed = daemon.wait_for("the failure", |event| is_state(event, "reload_failed"));
    let message = failed["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("`events.file` cannot change"), "{message}");
}
