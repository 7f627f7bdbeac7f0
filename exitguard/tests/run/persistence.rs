//! What outlives the daemon, and what does not outlive `off`.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use exitguard::datapath::PIN_ROOT;
use exitguard::lab::{
    CLIENT_V4, EXIT_LAN_V4, EchoServer, Exchange, LAN_HOST_V4, SERVER_V4, tcp_exchange,
};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::exit_node::{Daemon, ExitNode, LENIENT, OPEN, POLICY, SHUT};
use crate::kernel::{Objects, has_pins};
use crate::{SOON, is_flow, is_state, until};

#[test]
#[ignore = "needs root"]
fn enforcement_survives_the_daemon_and_the_next_one_adopts_it() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    let mut session = node.session();
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    let start = daemon.wait_for("the flow", |event| is_flow(event, "start", OPEN));
    // Another number than a first start has.
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    daemon.kill();

    node.assert_guarded();
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    let attached = Objects::attached(&node);
    assert_eq!(attached.programs.len(), 2);

    let daemon = Daemon::new(node.spawn(node.run()));
    let started = daemon.wait_for("the start", |event| is_state(event, "started"));
    assert_eq!(started["exitguard"]["generation"], 3);
    let adopted = daemon.wait_for("the flow", |event| event["flow_id"] == start["flow_id"]);
    assert!(is_flow(&adopted, "start", OPEN), "{adopted:#}");
    // The handshake, and two questions each with its answer.
    assert!(
        adopted["flow"]["pkts_toserver"].as_u64() >= Some(4),
        "{adopted:#}"
    );
    assert!(
        adopted["flow"]["bytes_toclient"].as_u64() >= Some(2 * 16),
        "{adopted:#}"
    );
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    node.assert_guarded();
    // In the place of the old programs, not beside them.
    let replaced = Objects::attached(&node);
    assert_eq!(replaced.programs.len(), 2);
    assert!(replaced.programs.is_disjoint(&attached.programs));
    until("the end of the old programs", || {
        attached.surviving().programs.is_empty()
    });
}

/// What a list is worth shows over weeks, and daemons are restarted meanwhile.
#[test]
#[ignore = "needs root"]
fn hits_of_a_list_outlive_the_daemon_and_end_with_the_list() {
    let node = ExitNode::new(POLICY);
    node.write_list("bad.txt", &format!("{SERVER_V4}\n"));
    let lists = |names: [&str; 2]| {
        names.map(|name| format!("[[list]]\nname = \"{name}\"\nsource = \"bad.txt\"\n"))
    };
    let hits = |daemon: Daemon| {
        daemon.signal(Signal::SIGTERM);
        let ended = daemon.ended();
        let is_stats = |event: &&Value| event["event_type"] == "stats";
        let stats = ended.events.iter().find(is_stats).unwrap();
        stats["exitguard"]["list_hits"].clone()
    };
    node.write(&(POLICY.to_owned() + &lists(["bad", "same"]).concat()));
    let daemon = node.guard();
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    assert_eq!(hits(daemon), json!({"bad": 1, "same": 0}));
    // In another order.
    node.write(&(POLICY.to_owned() + &lists(["same", "bad"]).concat()));
    let daemon = node.guard();
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    assert_eq!(hits(daemon), json!({"bad": 1, "same": 1}));
    // A list that comes back begins anew.
    let [_, bad] = lists(["same", "bad"]);
    node.write(&(POLICY.to_owned() + &bad));
    assert_eq!(hits(node.guard()), json!({"bad": 1}));
    node.write(&(POLICY.to_owned() + &lists(["same", "bad"]).concat()));
    assert_eq!(hits(node.guard()), json!({"bad": 1, "same": 0}));
}

#[test]
#[ignore = "needs root"]
fn the_next_one_may_have_another_policy() {
    let node = ExitNode::new(POLICY);
    node.guard().kill();
    node.assert_guarded();
    node.write(LENIENT);
    let daemon = node.guard();
    node.assert_open();
    drop(daemon);
    node.write(POLICY);
    node.guard().stop();
    node.assert_guarded();
}

/// A start that fails is no reason to lose the guard that is there.
#[test]
#[ignore = "needs root"]
fn a_start_that_fails_leaves_the_old_guard() {
    let node = ExitNode::new(POLICY);
    node.guard().kill();
    let attached = Objects::attached(&node);
    node.write("mode = \"enforce\"\n");
    assert_eq!(node.output(node.run()).status.code(), Some(2));
    assert_eq!(Objects::attached(&node), attached);
    node.assert_guarded();
}

#[test]
#[ignore = "needs root"]
fn off_ends_the_daemon_and_removes_every_trace() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    node.assert_guarded();
    let attached = Objects::attached(&node);
    assert_eq!((attached.programs.len(), has_pins(&node)), (2, true));
    assert_eq!(
        node.off(),
        "tailscale0: the guard is off; traffic passes unjudged\n"
    );
    let ended = daemon.ended();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.events.iter().any(|event| is_state(event, "stopped")));
    assert!(!has_pins(&node));
    assert_eq!(Objects::attached(&node), Objects::default());
    node.assert_open();
    // The kernel frees them when no CPU can be in them any more.
    until("the end of programs and maps", || {
        attached.surviving() == Objects::default()
    });
    assert_eq!(node.off(), "there is no guard on any interface\n");
}

#[test]
#[ignore = "needs root"]
fn off_removes_what_a_killed_daemon_left() {
    let node = ExitNode::new(POLICY);
    node.guard().kill();
    node.assert_guarded();
    let attached = Objects::attached(&node);
    assert_eq!(
        node.off(),
        "tailscale0: the guard is off; traffic passes unjudged\n"
    );
    assert!(!has_pins(&node));
    node.assert_open();
    until("the end of programs and maps", || {
        attached.surviving() == Objects::default()
    });
}

#[test]
#[ignore = "needs root"]
fn off_removes_what_is_left_of_an_interface_that_is_gone() {
    let mut node = ExitNode::new(POLICY);
    node.guard().kill();
    node.lab.remove_tun();
    assert!(has_pins(&node));
    assert_eq!(
        node.off(),
        "tailscale0: the guard is off; traffic passes unjudged\n"
    );
    assert!(!has_pins(&node));
}

#[test]
#[ignore = "needs root"]
fn whoever_wants_it_so_is_open_after_the_end_and_not_after_a_crash() {
    let node = ExitNode::new(&format!("on_exit = \"open\"\n{POLICY}"));
    node.guard().kill();
    node.assert_guarded();
    let daemon = node.guard();
    let attached = Objects::attached(&node);
    daemon.signal(Signal::SIGTERM);
    let ended = daemon.ended();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    let stopped = ended.events.last().unwrap();
    assert!(is_state(stopped, "stopped"), "{stopped:#}");
    let message = stopped["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("everything passes"), "{message}");
    node.assert_open();
    assert!(!has_pins(&node));
    until("the end of the programs and maps", || {
        attached.surviving() == Objects::default()
    });
}

/// As after an upgrade to a version whose maps are others: what is there is replaced, and never taken off before.
#[test]
#[ignore = "needs root"]
fn what_another_version_left_is_replaced_without_a_gap() {
    let node = ExitNode::new(POLICY);
    node.guard().kill();
    let former = Objects::attached(&node);
    let rename = || {
        let version = |name| Path::new(PIN_ROOT).join(name);
        let versions = fs::read_dir(PIN_ROOT).unwrap();
        let versions: Vec<_> = versions.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(versions.len(), 1, "{versions:?}");
        fs::rename(&versions[0], version("abi0")).unwrap();
    };
    node.lab.exit().enter(rename).unwrap();
    // Datagrams, because denied connections are answered, and answers have a budget.
    let shut = EchoServer::udp(node.lab.internet(), SocketAddr::new(SERVER_V4, SHUT)).unwrap();
    let socket = node.lab.client().enter(|| UdpSocket::bind((CLIENT_V4, 0)));
    let socket = socket.unwrap().unwrap();
    let before = node.lab.outbound().frames;
    let starts = AtomicBool::new(true);
    let daemon = thread::scope(|scope| {
        scope.spawn(|| {
            while starts.load(Ordering::Relaxed) {
                // A full queue takes nothing for a moment.
                let _ = socket.send_to(b"flood", shut.address());
            }
        });
        let daemon = node.guard();
        starts.store(false, Ordering::Relaxed);
        daemon
    });
    let sent = node.lab.outbound().frames - before;
    assert!(sent > 1_000, "{sent}");
    assert_eq!(shut.calls(), 0, "of {sent}");
    node.assert_guarded();
    until("the end of the former programs", || {
        former.surviving().programs.is_empty()
    });
    assert_eq!(Objects::attached(&node).programs.len(), 2);
    let is_left = || Path::new(PIN_ROOT).join("abi0").exists();
    assert!(!node.lab.exit().enter(is_left).unwrap());
    drop(daemon);
}

/// Two tailnets, or a bridge of virtual machines beside the tailnet.
#[test]
#[ignore = "needs root"]
fn each_interface_has_a_guard_of_its_own() {
    let node = ExitNode::new(POLICY);
    let server = |port| {
        let address = SocketAddr::new(EXIT_LAN_V4, port);
        EchoServer::tcp(node.lab.exit(), address).unwrap()
    };
    let _servers = [server(OPEN), server(SHUT)];
    let ask = |port, patience| {
        let address = SocketAddr::new(EXIT_LAN_V4, port);
        tcp_exchange(node.lab.lan(), LAN_HOST_V4, address, patience).unwrap()
    };
    let silence = Duration::from_millis(400);
    let of_lan = node.file("lan.toml");
    let policy = "interface = \"lan0\"\nattach = \"xdp\"\nmode = \"enforce\"\n[host]\ntcp = [80]\n\
        [egress]\ntcp = \"any\"\nudp = \"any\"\n\
        [control]\nsocket = \"lan.sock\"\naudit = \"lan.jsonl\"\nchanges = \"lan.json\"\n";
    fs::write(&of_lan, policy).unwrap();
    let _daemon = node.guard();
    let mut run = node.command();
    run.args(["run", "--output", "json", "--config"])
        .arg(&of_lan);
    let second = Daemon::new(node.spawn(run));
    second.wait_for("the start", |event| is_state(event, "started"));
    node.assert_guarded();
    assert_eq!(
        (ask(OPEN, SOON), ask(SHUT, silence)),
        (Exchange::Answered, Exchange::TimedOut)
    );

    let mut off = node.command();
    off.args(["off", "--interface", "lan0"]);
    let output = node.output(off);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        (ask(OPEN, SOON), ask(SHUT, SOON)),
        (Exchange::Answered, Exchange::Answered)
    );
    node.assert_guarded();
    let mut status = node.command();
    status.args(["status", "--config"]).arg(node.config());
    assert_eq!(node.output(status).status.code(), Some(0));
    node.off();
    node.assert_open();
    assert!(!has_pins(&node));
}
