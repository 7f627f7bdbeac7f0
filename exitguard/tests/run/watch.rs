//! Who asks the daemon what happens and how it is.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;

use exitguard::control::Client;
use exitguard::lab::{CLIENT_V4, Exchange, SERVER_V4, TcpSession};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::exit_node::{Daemon, ExitNode, OPEN, POLICY, SHUT};
use crate::readers::flood;
use crate::{SOON, is_flow, is_state, until};

/// [`POLICY`], with a name for the client.
fn named() -> String {
    format!(
        "{POLICY}[[client]]\nname = \"web1\"\nmatch = [\"{CLIENT_V4}\"]\n[lists]\ncache = \"cache\"\n"
    )
}

fn asking(node: &ExitNode, args: &[&str]) -> Command {
    let mut command = node.command();
    command.args(args).arg("--config").arg(node.config());
    command
}

/// Events of `exitguard watch`, as those of a daemon.
fn watch(node: &ExitNode, args: &[&str]) -> Daemon {
    let args = [&["watch", "--output", "json"], args].concat();
    Daemon::new(node.spawn(asking(node, &args)))
}

fn flows(node: &ExitNode, filter: &str) -> Vec<Value> {
    let output = node.output(asking(node, &["flows", "--json", filter]));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), complaint.as_str()), (Some(0), ""));
    let mut shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    shown["flows"].as_array_mut().unwrap().drain(..).collect()
}

#[test]
#[ignore = "needs root"]
fn a_denial_is_seen_when_it_happens_and_by_those_who_come_later() {
    let node = ExitNode::new(&named());
    let daemon = node.guard();
    node.assert_guarded();
    daemon.wait_for("the denial", |event| is_flow(event, "deny", SHUT));
    let early = watch(&node, &["--last", "100", "client:web1", "deny"]);
    let first = early.wait_for("the first denial", |event| is_flow(event, "deny", SHUT));
    assert_eq!(first["exitguard"]["client"]["name"], "web1");
    node.assert_guarded();
    let second = early.wait_for("the second denial", |event| is_flow(event, "deny", SHUT));
    assert_ne!(first["flow_id"], second["flow_id"]);
    // The guard itself is told about, whatever the filter.
    daemon.signal(Signal::SIGHUP);
    early.wait_for("the reload", |event| is_state(event, "reloaded"));
    early.signal(Signal::SIGINT);
    let ended = early.ended();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));

    let late = watch(&node, &["--last", "100"]);
    late.wait_for("what was allowed", |event| is_flow(event, "start", OPEN));
    let filtered = watch(&node, &["--last", "100", "port:80"]);
    filtered.wait_for("what was allowed", |event| is_flow(event, "start", OPEN));
    filtered.signal(Signal::SIGTERM);
    let rest = filtered.ended().events;
    assert!(!rest.iter().any(|event| event["dest_port"] == SHUT));
}

#[test]
#[ignore = "needs root"]
fn a_connection_is_known_with_what_it_carries_while_it_is_open() {
    let node = ExitNode::new(&named());
    let _daemon = node.guard();
    let server = (SERVER_V4, OPEN).into();
    let mut session = TcpSession::open(node.lab.client(), CLIENT_V4, server, SOON).unwrap();
    let mut bytes = || {
        assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
        let open = flows(&node, "client:web1 state:established allow port:80");
        let [flow] = open.as_slice() else {
            panic!("{open:#?}");
        };
        assert_eq!(flow["client_name"], "web1");
        ["sent", "received"].map(|way| flow[way]["bytes"].as_u64().unwrap())
    };
    let [sent, received] = bytes();
    let [sent_later, received_later] = bytes();
    assert!(0 < sent && sent < sent_later, "{sent} {sent_later}");
    assert!(
        0 < received && received < received_later,
        "{received} {received_later}"
    );
    drop(session);
    until("its end", || {
        flows(&node, "state:established port:80").is_empty()
    });

    assert_eq!(node.ask(SHUT), Exchange::Refused);
    let denied = flows(&node, "deny");
    assert_eq!(denied.len(), 1, "{denied:#?}");
    assert_eq!(denied[0]["remote_port"], SHUT);
    assert!(denied[0]["denied_pkts"].as_u64() >= Some(1));
}

#[test]
#[ignore = "needs root"]
fn who_watches_while_the_interface_is_waited_for_sees_it_come() {
    let mut node = ExitNode::new(POLICY);
    node.lab.remove_tun();
    let mut run = node.run();
    run.arg("--wait");
    let daemon = Daemon::new(node.spawn(run));
    daemon.wait_for("the wait", |event| is_state(event, "waiting"));
    let watch = watch(&node, &["--last", "1"]);
    watch.wait_for("the wait", |event| is_state(event, "waiting"));
    assert_eq!(flows(&node, ""), Vec::<Value>::new());
    node.lab.recreate_tun().unwrap();
    watch.wait_for("the start", |event| is_state(event, "started"));
}

#[test]
#[ignore = "needs root"]
fn when_the_daemon_ends_watchers_hear_its_last_word_and_what_stays_in_force() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    let watch = watch(&node, &["--last", "1"]);
    watch.wait_for("the start", |event| is_state(event, "started"));
    daemon.stop();
    watch.wait_for("the end", |event| is_state(event, "stopped"));
    let ended = watch.ended();
    assert_eq!(ended.status.code(), Some(1));
    let told = ended.stderr;
    assert!(told.contains("tailscale0 is still guarded"), "{told}");
}

#[test]
#[ignore = "needs root"]
fn watchers_who_never_read_stop_nothing_and_are_cut() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    let socket = node.file("control.sock");
    let watch = || {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(b"{\"op\":\"watch\"}\n").unwrap();
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        (stream, answer)
    };
    let deaf: Vec<_> = std::iter::repeat_with(watch)
        .take_while(|(_, answer)| answer.get("ok").is_some())
        .collect();
    assert_eq!(deaf.len(), 32);
    flood(&node);
    Client::connect(&socket).unwrap().status().unwrap();
    node.assert_guarded();
    daemon.wait_for("the denial", |event| is_flow(event, "deny", SHUT));
    until("a place", || watch().1.get("ok").is_some());
    drop(deaf);
}

#[test]
#[ignore = "needs root"]
fn who_may_not_ask_is_told_whom_to_ask_as() {
    const NOBODY: u32 = 65_534;
    let node = ExitNode::new(POLICY);
    let _daemon = node.guard();
    let folder = node.config().parent().unwrap().to_owned();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    // Where the binary was built nobody else may be able to look.
    let binary = node.file("exitguard");
    fs::copy(env!("CARGO_BIN_EXE_exitguard"), &binary).unwrap();
    for question in ["flows", "watch", "status"] {
        let mut command = Command::new(&binary);
        command.args([question, "--config"]).arg(node.config());
        let output = command.uid(NOBODY).gid(NOBODY).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(
            told.contains("not permitted") && told.contains("as root"),
            "{told}"
        );
    }
}
