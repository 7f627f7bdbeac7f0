//! What the daemon answers, and what is said without one.

use aya::maps::{Array, Map};
use exitguard::control::Client;
use exitguard::lab::{Exchange, SERVER_V4};
use exitguard_common::abi::{PortSetId, Rule, maps};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::blocks::new_block;
use crate::exit_node::{Daemon, ExitNode, LENIENT, OPEN, POLICY, SHUT};
use crate::kernel::{forget_changes, map_in_force, take_off};
use crate::{is_state, until};

/// `exitguard status --json`, and how it exits.
fn status(node: &ExitNode) -> (i32, Value) {
    let (code, said) = ask(node, &["--json"]);
    (code, serde_json::from_str(&said).unwrap())
}

fn ask(node: &ExitNode, args: &[&str]) -> (i32, String) {
    let mut command = node.command();
    command
        .arg("status")
        .arg("--config")
        .arg(node.config())
        .args(args);
    let output = node.output(command);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaint, "");
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), said)
}

#[test]
#[ignore = "needs root"]
fn a_daemon_says_what_is_in_force_and_what_it_did() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    node.assert_guarded();
    let (code, status) = status(&node);
    assert_eq!(code, 0, "{status:#}");
    assert_eq!(status["protection"], "enforcing");
    assert_eq!(status["interface"], "tailscale0");
    assert_eq!(status["pid"], daemon.id());
    assert_eq!(status["generation"], 1);
    assert_eq!(status["unprotected_seconds"], 0.0);
    assert_eq!(status["denied_pkts"], json!({"port": 1}));
    assert!(status["outbound"]["pkts"].as_u64() >= Some(4), "{status:#}");
    let (code, text) = ask(&node, &[]);
    assert_eq!(code, 0);
    assert!(text.starts_with("tailscale0: enforcing\n"), "{text}");
}

#[test]
#[ignore = "needs root"]
fn a_reload_that_failed_stays_visible_until_one_succeeds() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    node.write("mode = 7\n");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the failure", |event| is_state(event, "reload_failed"));
    let mut command = node.command();
    command
        .args(["status", "--json", "--config"])
        .arg(node.config());
    let output = node.output(command);
    assert_eq!(output.status.code(), Some(0));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("not a valid configuration"),
        "{complaint}"
    );
    let failed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let why = failed["reload_error"].as_str().unwrap();
    assert!(why.contains("mode"), "{why}");
    node.write(POLICY);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    let (_, mended) = status(&node);
    assert_eq!(
        (&mended["reload_error"], &mended["generation"]),
        (&Value::Null, &json!(2))
    );
}

#[test]
#[ignore = "needs root"]
fn without_a_daemon_it_says_whether_the_interface_is_still_guarded() {
    let node = ExitNode::new(POLICY);
    let (code, before) = status(&node);
    assert_eq!((code, &before["guarded"]), (1, &json!(false)));
    node.guard().kill();
    let (code, after) = status(&node);
    assert_eq!(
        (code, &after["daemon"], &after["guarded"]),
        (1, &json!(false), &json!(true))
    );
    let (_, text) = ask(&node, &[]);
    assert!(text.contains("tailscale0 is still guarded"), "{text}");
    node.off();
    let (code, text) = ask(&node, &[]);
    assert_eq!(code, 1);
    assert!(text.contains("everything passes"), "{text}");
}

/// Somebody else's `tc` or `bpftool`, or a distribution's network scripts.
#[test]
#[ignore = "needs root"]
fn a_program_that_somebody_takes_off_is_missed_and_put_back() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    node.assert_guarded();
    take_off(&node);
    // Before Linux 6.6 they are taken one after the other, and may be missed so.
    let mut told = String::new();
    until("the loss of both", || {
        let gone = daemon.wait_for("the loss", |event| is_state(event, "unprotected"));
        told += gone["exitguard"]["message"].as_str().unwrap();
        told.contains("TC ingress") && told.contains("TC egress")
    });
    daemon.wait_for("the return", |event| is_state(event, "interface_back"));
    until("the guard", || node.ask(SHUT) == Exchange::Refused);
    node.assert_guarded();
    let (code, status) = status(&node);
    assert_eq!((code, &status["protection"]), (0, &json!("enforcing")));
    assert!(
        status["unprotected_seconds"].as_f64() > Some(0.0),
        "{status:#}"
    );
}

/// The programs are where they should be, and somebody else's `bpftool` wrote into what they judge by.
#[test]
#[ignore = "needs root"]
fn a_policy_that_is_damaged_in_the_kernel_is_noticed_and_put_in_force_anew() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    node.assert_guarded();
    let map = Map::Array(map_in_force(&node, maps::RULES));
    let mut rules: Array<_, Rule> = map.try_into().unwrap();
    let egress = rules.get(&1, 0).unwrap();
    let tcp = PortSetId::ANY;
    rules.set(1, Rule { tcp, ..egress }, 0).unwrap();
    let told = daemon.wait_for("the damage", |event| is_state(event, "unprotected"));
    let message = told["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("the kernel allow (port)"), "{message}");
    daemon.wait_for("the repair", |event| is_state(event, "interface_back"));
    until("the guard", || node.ask(SHUT) == Exchange::Refused);
    node.assert_guarded();
    let (code, mended) = status(&node);
    assert_eq!((code, &mended["protection"]), (0, &json!("enforcing")));
    assert_eq!(mended["generation"], 2);
    assert!(
        mended["unprotected_seconds"].as_f64() > Some(0.0),
        "{mended:#}"
    );
}

/// The question is asked with every status, and has to leave no trace.
#[test]
#[ignore = "needs root"]
fn asking_what_the_kernel_decides_counts_nothing_and_tells_nothing() {
    const TIMES: u64 = 40;
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    for _ in 0..TIMES {
        assert_eq!(status(&node).0, 0);
    }
    let (_, after) = status(&node);
    let count = |of: &str, what: &str| after[of][what].as_u64().unwrap();
    let seen = count("outbound", "pkts") + count("outbound", "denied_pkts");
    // Routers are looked for, groups are joined: each question would be more than one packet a time.
    assert!(seen < TIMES, "{after:#}");
    assert_eq!(
        (&after["flows"], &after["denied_pkts"]),
        (&json!(0), &json!({}))
    );
    let ended = daemon.stop();
    let is_of_packets =
        |event: &&Value| event["event_type"] != "state" && event["event_type"] != "stats";
    assert_eq!(ended.events.iter().find(is_of_packets), None);
}

/// A block that the kernel has lost.
#[test]
#[ignore = "needs root"]
fn a_block_that_is_missing_in_the_kernel_is_noticed() {
    let node = ExitNode::new(LENIENT);
    let _daemon = node.guard();
    let mut operator = Client::connect(&node.file("control.sock")).unwrap();
    operator.change(new_block()).unwrap();
    let (code, whole) = status(&node);
    assert_eq!(code, 0, "{whole:#}");
    // The daemon looks by itself, too, and may have mended it before the question.
    until("the damage", || {
        forget_changes(&node);
        let (code, damaged) = status(&node);
        let why = "the policy says deny (runtime) and the kernel allow";
        let reason = damaged["reason"].as_str().unwrap_or_default();
        code == 1 && damaged["protection"] == "unprotected" && reason.contains(why)
    });
}

#[test]
#[ignore = "needs root"]
fn a_daemon_that_waits_for_its_interface_says_so() {
    let node = ExitNode::new(&format!("interface = \"absent0\"\n{POLICY}"));
    let mut run = node.run();
    run.arg("--wait");
    let daemon = Daemon::new(node.spawn(run));
    daemon.wait_for("the wait", |event| is_state(event, "waiting"));
    let (code, status) = status(&node);
    assert_eq!((code, &status["protection"]), (1, &json!("waiting")));
    let reason = status["reason"].as_str().unwrap();
    assert!(reason.contains("absent0"), "{reason}");
}

/// To guard without answering is better than not to guard.
#[test]
#[ignore = "needs root"]
fn a_socket_that_cannot_be_made_is_told_and_guards_all_the_same() {
    let node = ExitNode::new(POLICY);
    node.block_socket();
    let daemon = Daemon::new(node.spawn(node.run()));
    daemon.wait_for("the start", |event| is_state(event, "started"));
    let told = daemon.wait_for("the trouble", |event| is_state(event, "no_socket"));
    let message = told["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("control.sock"), "{message}");
    node.assert_guarded();
}

#[test]
#[ignore = "needs root"]
fn lists_tell_what_they_denied_and_whether_they_are_as_they_should_be() {
    let node = ExitNode::new(POLICY);
    node.write_list("bad.txt", &format!("{SERVER_V4}\n203.0.113.128/25\n"));
    let list = "[[list]]\nname = \"bad\"\nsource = \"bad.txt\"\n[lists]\ncache = \"cache\"\n";
    node.write(&format!("{POLICY}{list}"));
    let daemon = node.guard();
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    let of_list = |code: i32| {
        let mut command = node.command();
        command
            .args(["lists", "status", "--json", "--config"])
            .arg(node.config());
        let output = node.output(command);
        assert_eq!(output.status.code(), Some(code));
        let mut said: Value = serde_json::from_slice(&output.stdout).unwrap();
        said[0].take()
    };
    let said = of_list(0);
    assert_eq!(
        (&said["state"], &said["hits"], &said["in_kernel"]),
        (&json!("ok"), &json!(1), &json!(2)),
        "{said:#}"
    );
    node.write_list("bad.txt", "<html>try later</html>");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    let (_, status) = status(&node);
    let said = &status["lists"][0];
    assert_eq!(
        (&said["state"], &said["hits"], &said["entries"]),
        (&json!("last_good"), &json!(1), &json!(2)),
        "{said:#}"
    );
    assert_eq!(of_list(1)["hits"], 1);
}

/// Who changes the policy while tailscaled is down expects it to be in force when it is back.
#[test]
#[ignore = "needs root"]
fn a_policy_that_changes_while_it_is_waited_for_is_the_one_in_force() {
    let mut node = ExitNode::new(LENIENT);
    node.lab.remove_tun();
    let mut run = node.run();
    run.arg("--wait");
    let daemon = Daemon::new(node.spawn(run));
    daemon.wait_for("the wait", |event| is_state(event, "waiting"));
    node.write("mode = 7\n");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the failure", |event| is_state(event, "reload_failed"));
    node.write(POLICY);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    node.lab.recreate_tun().unwrap();
    daemon.wait_for("the start", |event| is_state(event, "started"));
    node.assert_guarded();
}
