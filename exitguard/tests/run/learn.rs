//! From observing to enforcing, on an exit node.

use std::fs;

use exitguard::lab::Exchange;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::exit_node::{Daemon, ExitNode, OPEN, SHUT};
use crate::{is_flow, is_state, until};

/// Permits nothing, and lets everything pass.
const OBSERVE: &str = "mode = \"observe\"\n[egress]\ntcp = []\nudp = []\non_deny = \"reject\"\n";

/// Nobody serves it.
const THIRD: u16 = 82;

/// As many connections as it takes to be learned.
const ENOUGH: usize = 3;

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn learn(node: &ExitNode, words: &[&str]) -> Said {
    let mut command = node.command();
    command
        .arg("learn")
        .args(words)
        .arg("--config")
        .arg(node.config());
    let output = node.output(command);
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// How many flows to a port were counted.
fn flows(node: &ExitNode, port: u16) -> u64 {
    let said = learn(node, &["--json"]);
    let observed: Value = serde_json::from_str(&said.out).unwrap();
    let rows = observed["rows"].as_array().unwrap();
    let of_port = rows.iter().filter(|row| row["port"] == port);
    of_port.map(|row| row["flows"].as_u64().unwrap()).sum()
}

fn use_ports(node: &ExitNode, ports: &[u16]) {
    for port in ports {
        for _ in 0..ENOUGH {
            assert_eq!(node.ask(*port), Exchange::Answered);
        }
    }
}

#[test]
#[ignore = "needs root"]
fn what_was_learned_permits_what_was_used_and_nothing_else() {
    let node = ExitNode::new(OBSERVE);
    let daemon = node.guard();
    let said = learn(&node, &[]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.contains("nothing was observed"), "{}", said.err);

    use_ports(&node, &[OPEN, SHUT]);
    for _ in 0..ENOUGH {
        assert_eq!(node.ask(THIRD), Exchange::Refused);
    }
    until("the flows", || {
        let all = [OPEN, SHUT, THIRD].map(|port| flows(&node, port));
        all == [ENOUGH as u64; 3]
    });
    let said = learn(&node, &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("9 flows of 1 address"), "{}", said.err);
    assert!(
        said.out.contains("\"80-81\",  # 6 flows of 100."),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("#82,      # never answered: 3 flows"),
        "{}",
        said.out
    );

    let learned = said
        .out
        .replace("[egress]", "[egress]\non_deny = \"reject\"");
    node.write(&format!("mode = \"enforce\"\n{learned}"));
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    assert_eq!(node.ask(SHUT), Exchange::Answered);
    assert_eq!(node.ask(THIRD), Exchange::Refused);
    let told = daemon.wait_for("the denial", |event| is_flow(event, "deny", THIRD));
    assert_eq!(told["drop"]["reason"], "port");
    until("the denied flow", || flows(&node, THIRD) == 4);
}

#[test]
#[ignore = "needs root"]
fn what_was_observed_outlives_the_daemon() {
    let node = ExitNode::new(OBSERVE);
    let daemon = node.guard();
    use_ports(&node, &[OPEN]);
    let mut open = node.session();
    until("the flows", || flows(&node, OPEN) == 4);
    assert_eq!(daemon.stop().status.code(), Some(0));

    let mut run = node.run();
    run.args(["--wait", "--interface", "absent0"]);
    let waiting = Daemon::new(node.spawn(run));
    waiting.wait_for("the wait", |event| is_state(event, "waiting"));
    assert_eq!(flows(&node, OPEN), 4);
    waiting.stop();

    let daemon = node.guard();
    assert_eq!(open.exchange(crate::SOON).unwrap(), Exchange::Answered);
    use_ports(&node, &[OPEN]);
    // The one that is open still was counted by the first.
    until("the flows of both", || flows(&node, OPEN) == 7);
    drop(open);
    daemon.wait_for("its end", |event| is_flow(event, "end", OPEN));
    let said = learn(&node, &["--since", "1h", "--client", "100.64.0.0/10"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("# 7 flows of"), "{}", said.out);
    let said = learn(&node, &["--client", "nobody"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(
        said.err.contains("nothing of nobody was observed"),
        "{}",
        said.err
    );
    daemon.stop();
}

#[test]
#[ignore = "needs root"]
fn a_damaged_file_is_told_and_set_aside() {
    let node = ExitNode::new(OBSERVE);
    let path = node.file("changes.observed.json");
    fs::write(&path, "{\"v\":1,").unwrap();
    let daemon = Daemon::new(node.spawn(node.run()));
    let told = daemon.wait_for("the damage", |event| is_state(event, "no_observed"));
    let message = told["exitguard"]["message"].as_str().unwrap();
    assert!(
        message.contains("changes.observed.json is damaged"),
        "{message}"
    );
    assert!(message.contains("observing begins anew"), "{message}");
    assert_eq!(
        fs::read_to_string(node.file("changes.observed.json.damaged")).unwrap(),
        "{\"v\":1,"
    );
    use_ports(&node, &[OPEN]);
    until("the flows", || flows(&node, OPEN) == ENOUGH as u64);
    daemon.stop();
    let written: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(written["rows"][0]["flows"], ENOUGH);
}

#[test]
#[ignore = "needs root"]
fn without_a_daemon_it_says_so() {
    let node = ExitNode::new(OBSERVE);
    let said = learn(&node, &[]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.contains("no daemon answers"), "{}", said.err);
}
