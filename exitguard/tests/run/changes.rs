//! What operators change while the guard runs.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use exitguard::lab::{CLIENT_V4, EXIT_V4, Exchange, SERVER_V4};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::exit_node::{Daemon, ExitNode, OPEN, POLICY};
use crate::{SOON, is_flow, is_state};

/// What a command of an operator says and how it exits.
struct Said {
    code: i32,
    out: String,
    err: String,
}

fn operate(node: &ExitNode, words: &[&str]) -> Said {
    operate_with(node, words, None)
}

fn operate_with(node: &ExitNode, words: &[&str], session: Option<IpAddr>) -> Said {
    let mut command = node.command();
    command.args(words).arg("--config").arg(node.config());
    if let Some(session) = session {
        command.env("SSH_CONNECTION", format!("{session} 50000 192.0.2.1 22"));
    }
    let output = node.output(command);
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn must(node: &ExitNode, words: &[&str]) -> String {
    let said = operate(node, words);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{words:?}");
    said.out
}

pub(crate) fn server() -> String {
    SERVER_V4.to_string()
}

#[test]
#[ignore = "needs root"]
fn a_block_is_told_shown_and_taken_back() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    let said = must(
        &node,
        &["block", &server(), "--for", "1h", "--comment", "odd"],
    );
    assert!(said.contains("block 1 of 203.0.113."), "{said}");
    assert!(said.contains("in force as policy 2"), "{said}");
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    let told = daemon.wait_for("the change", |event| is_state(event, "changed"));
    assert_eq!(told["exitguard"]["generation"], 2);
    let denied = daemon.wait_for("the denial", |event| is_flow(event, "deny", OPEN));
    assert_eq!(denied["drop"]["reason"], "runtime");
    assert_eq!(denied["exitguard"]["entry"], server());
    assert_eq!(denied["exitguard"]["generation"], 2);
    let list = must(&node, &["blocks"]);
    assert!(list.contains("by root  odd"), "{list}");
    let explained = operate(&node, &["explain", &format!("{SERVER_V4}:{OPEN}")]);
    assert_eq!(explained.code, 1, "{}", explained.err);
    assert!(explained.out.contains("at run time"), "{}", explained.out);
    let said = must(&node, &["unblock", &server()]);
    assert!(said.starts_with("taken back: block 1"), "{said}");
    must(&node, &["explain", &format!("{SERVER_V4}:{OPEN}")]);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    let said = operate(&node, &["unblock", &server()]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no such change"), "{}", said.err);
    let audit = fs::read_to_string(node.file("audit.jsonl")).unwrap();
    let lines = audit
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let told: Vec<_> = lines
        .iter()
        .filter(|line| line["via"] == "socket")
        .map(|line| json!([line["by"], line["action"], line["before"], line["after"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["root", "block", 1, 2]),
            json!(["root", "revert", 2, 3])
        ]
    );
}

#[test]
#[ignore = "needs root"]
fn changes_outlive_the_daemon_and_a_reload() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    must(&node, &["block", &server()]);
    daemon.kill();
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    let daemon = Daemon::new(node.spawn(node.run()));
    daemon.wait_for("the start", |event| is_state(event, "started"));
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    must(&node, &["undo", "1"]);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
}

#[test]
#[ignore = "needs root"]
fn a_change_ends_by_itself() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    must(&node, &["block", &server(), "--for", "1s"]);
    daemon.wait_for("the end", |event| {
        let message = event["exitguard"]["message"].as_str();
        is_state(event, "changed") && message.is_some_and(|message| message.starts_with("over:"))
    });
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    assert_eq!(
        must(&node, &["blocks"]),
        "nothing is blocked, allowed or locked down beside the configuration\n"
    );
}

#[test]
#[ignore = "needs root"]
fn a_lockdown_stops_a_client_and_what_it_has_open() {
    let node = ExitNode::new(POLICY);
    let _daemon = node.guard();
    let mut open = node.session();
    assert_eq!(open.exchange(SOON).unwrap(), Exchange::Answered);
    let client = CLIENT_V4.to_string();
    let said = operate_with(&node, &["lockdown", &client], Some(CLIENT_V4));
    assert_eq!(said.code, 1);
    assert!(said.err.contains("--force"), "{}", said.err);
    assert_eq!(open.exchange(SOON).unwrap(), Exchange::Answered);
    let said = must(&node, &["lockdown", &client]);
    assert!(said.contains("concerns 1 open flow"), "{said}");
    let short = Duration::from_millis(300);
    assert_eq!(open.exchange(short).unwrap(), Exchange::TimedOut);
    must(&node, &["unlock", &client]);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
}

#[test]
#[ignore = "needs root"]
fn an_exception_opens_what_a_list_denies() {
    let node = ExitNode::new(POLICY);
    node.write_list("bad.txt", &format!("{SERVER_V4}\n"));
    node.write(&(POLICY.to_owned() + "[[list]]\nname = \"bad\"\nsource = \"bad.txt\"\n"));
    let _daemon = node.guard();
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    must(&node, &["allow", &server()]);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    must(&node, &["undo"]);
    assert_eq!(node.ask(OPEN), Exchange::Refused);
}

#[test]
#[ignore = "needs root"]
fn what_makes_no_sense_or_is_dangerous_changes_nothing() {
    let node = ExitNode::new(POLICY);
    let said = operate(&node, &["block", &server()]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no daemon answers"), "{}", said.err);
    assert!(said.err.contains("is not guarded"), "{}", said.err);
    let _daemon = node.guard();
    let host = EXIT_V4.to_string();
    for (words, code, word) in [
        (&["block", "example.com"][..], 2, "no destination"),
        (&["block", &host], 1, "--force"),
        (&["block", "0.0.0.0/0"], 1, "--force"),
        (&["lockdown", "nobody"], 1, "clients: none"),
        (&["undo", "7"], 1, "number 7"),
        (&["undo"], 1, "no such change"),
    ] {
        let said = operate(&node, words);
        assert_eq!(said.code, code, "{words:?}: {}", said.err);
        assert!(said.err.contains(word), "{words:?}: {}", said.err);
    }
    node.assert_guarded();
}

/// Reading is for the group, changing is not.
#[test]
#[ignore = "needs root"]
fn who_may_only_read_changes_nothing() {
    let node = ExitNode::new(POLICY);
    let _daemon = node.guard();
    let socket = node.file("control.sock");
    // As if the group existed: everybody may open the socket.
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    fs::set_permissions(&socket, all).unwrap();
    let parents = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(socket.parent().unwrap(), parents).unwrap();
    let as_nobody = || {
        let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
        let mut command = node.command();
        std::os::unix::process::CommandExt::uid(&mut command, nobody.uid.as_raw());
        std::os::unix::process::CommandExt::gid(&mut command, nobody.gid.as_raw());
        command
    };
    let config = node.config();
    let mut block = as_nobody();
    block.args(["block", &server(), "--config"]).arg(&config);
    let output = node.output(block);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("exitguard-operator"), "{err}");
    let mut blocks = as_nobody();
    blocks.args(["blocks", "--config"]).arg(&config);
    assert_eq!(node.output(blocks).status.code(), Some(0));
    assert_eq!(node.ask(OPEN), Exchange::Answered);
}

#[test]
#[ignore = "needs root"]
fn a_damaged_file_of_changes_is_told_and_set_aside() {
    let node = ExitNode::new(POLICY);
    fs::write(node.file("changes.json"), "{\"v\":1").unwrap();
    let daemon = Daemon::new(node.spawn(node.run()));
    let told = daemon.wait_for("the trouble", |event| is_state(event, "no_changes"));
    let message = told["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("changes.json.damaged now"), "{message}");
    let aside = fs::read_to_string(node.file("changes.json.damaged")).unwrap();
    assert_eq!(aside, "{\"v\":1");
    node.assert_guarded();
    must(&node, &["block", &server()]);
    assert_eq!(node.ask(OPEN), Exchange::Refused);
}
