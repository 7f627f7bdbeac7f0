//! Configurations on trial.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

use exitguard::datapath::PIN_ROOT;
use exitguard::lab::Exchange;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::exit_node::{Daemon, ExitNode, LENIENT, OPEN, POLICY, SHUT};
use crate::{is_state, until};

/// `exitguard apply`, with what is typed still to come.
fn apply(node: &ExitNode, new: &Path, confirm: &str) -> Child {
    let mut command = node.command();
    command
        .stdin(Stdio::piped())
        .arg("apply")
        .arg(new)
        .args(["--confirm", confirm, "--config"])
        .arg(node.config());
    node.spawn(command)
}

/// How it ended, and what it said.
fn ended(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

/// A configuration beside the one of the node.
fn write_new(node: &ExitNode, policy: &str) -> std::path::PathBuf {
    let installed = fs::read_to_string(node.config()).unwrap();
    let control = installed.find("\n[control]").unwrap();
    let new = node.file("new.toml");
    fs::write(&new, policy.to_owned() + &installed[control..]).unwrap();
    new
}

fn wait_for(daemon: &Daemon, event: &str) -> Value {
    daemon.wait_for(event, |told| is_state(told, event))
}

#[test]
#[ignore = "needs root"]
fn what_is_confirmed_takes_the_place_of_the_configuration() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    let new = write_new(&node, LENIENT);
    let text = fs::read_to_string(&new).unwrap();
    let old = fs::read_to_string(node.config()).unwrap();
    let mut trial = apply(&node, &new, "50s");
    wait_for(&daemon, "applied");
    assert_eq!(node.ask(SHUT), Exchange::Answered);
    let mut status = node.command();
    status.arg("status").arg("--config").arg(node.config());
    let said = String::from_utf8(node.output(status).stdout).unwrap();
    assert!(said.contains("on trial"), "{said}");
    trial.stdin.take().unwrap().write_all(b"y\n").unwrap();
    let (code, said) = ended(trial);
    assert_eq!(code, 0, "{said}");
    wait_for(&daemon, "confirmed");
    assert_eq!(fs::read_to_string(node.config()).unwrap(), text);
    let before = node.file("exitguard.toml.before");
    assert_eq!(fs::read_to_string(before).unwrap(), old);
    assert!(!new.exists());
    daemon.signal(Signal::SIGHUP);
    wait_for(&daemon, "reloaded");
    assert_eq!(node.ask(SHUT), Exchange::Answered);
}

#[test]
#[ignore = "needs root"]
fn whoever_says_no_or_nothing_gets_back_what_was() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    let new = write_new(&node, LENIENT);
    for answer in [&b"n\n"[..], b""] {
        let mut trial = apply(&node, &new, "50s");
        wait_for(&daemon, "applied");
        assert_eq!(node.ask(SHUT), Exchange::Answered);
        trial.stdin.take().unwrap().write_all(answer).unwrap();
        let (code, said) = ended(trial);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("rolled back"), "{said}");
        wait_for(&daemon, "rolled_back");
        node.assert_guarded();
    }
    assert!(new.exists());
}

/// As when the new configuration cuts the connection of whoever tries it.
#[test]
#[ignore = "needs root"]
fn it_rolls_back_without_whoever_tried_it() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    let nothing = "mode = \"enforce\"\n[egress]\ntcp = []\nudp = []\non_deny = \"reject\"\n";
    let new = write_new(&node, nothing);
    let mut trial = apply(&node, &new, "3s");
    wait_for(&daemon, "applied");
    trial.kill().unwrap();
    trial.wait().unwrap();
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    // A list that is updated meanwhile does not end the trial.
    daemon.signal(Signal::SIGHUP);
    wait_for(&daemon, "rolled_back");
    node.assert_guarded();
    // A daemon that ends leaves in force what the next one starts with.
    let mut trial = apply(&node, &new, "50s");
    wait_for(&daemon, "applied");
    daemon.stop();
    node.assert_guarded();
    trial.kill().unwrap();
    trial.wait().unwrap();
}

#[test]
#[ignore = "needs root"]
fn what_cannot_be_tried_changes_nothing() {
    let node = ExitNode::new(POLICY);
    let _daemon = node.guard();
    let wrong = write_new(&node, "mode = 7\n");
    let (code, said) = ended(apply(&node, &wrong, "50s"));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("new.toml:1:8"), "{said}");
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().join("new.toml");
    fs::copy(write_new(&node, LENIENT), &elsewhere).unwrap();
    let (code, said) = ended(apply(&node, &elsewhere, "50s"));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("has to be in the folder"), "{said}");
    let (code, said) = ended(apply(&node, &node.config(), "50s"));
    assert_eq!(code, 2, "{said}");
    let new = write_new(&node, &("fail = \"closed\"\n".to_owned() + LENIENT));
    let (code, said) = ended(apply(&node, &new, "50s"));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("restart"), "{said}");
    // One at a time.
    let new = write_new(&node, LENIENT);
    let first = apply(&node, &new, "50s");
    until("the trial", || node.ask(SHUT) == Exchange::Answered);
    let (code, said) = ended(apply(&node, &new, "50s"));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("on trial already"), "{said}");
    assert_eq!(ended(first).0, 1);
    node.assert_guarded();
}

/// What nobody confirmed is not left in force because something was in the way once.
#[test]
#[ignore = "needs root"]
fn a_roll_back_that_fails_is_tried_again() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    let new = write_new(&node, LENIENT);
    let mut trial = apply(&node, &new, "4s");
    wait_for(&daemon, "applied");
    trial.kill().unwrap();
    trial.wait().unwrap();
    // Where the daemon pins the tables of a new policy for a moment.
    let inner = |folder: &Path| {
        fs::read_dir(folder)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path()
    };
    let exit = node.lab.exit();
    let in_the_way = exit
        .enter(|| inner(&inner(Path::new(PIN_ROOT))).join("new_index_v4"))
        .unwrap();
    exit.enter(|| fs::create_dir(&in_the_way)).unwrap().unwrap();
    wait_for(&daemon, "reload_failed");
    assert_eq!(node.ask(SHUT), Exchange::Answered);
    exit.enter(|| fs::remove_dir(&in_the_way)).unwrap().unwrap();
    wait_for(&daemon, "rolled_back");
    node.assert_guarded();
}
