//! What the daemon writes down of changes.

use std::fs;

use exitguard::output::LogFile;
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::exit_node::{Daemon, ExitNode, POLICY};
use crate::is_state;

fn log(node: &ExitNode) -> Vec<Value> {
    let text = fs::read_to_string(node.file("audit.jsonl")).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
#[ignore = "needs root"]
fn starts_reloads_and_ends_are_written_down() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    node.write("mode = 7\n");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the failure", |event| is_state(event, "reload_failed"));
    daemon.stop();
    let log = log(&node);
    let told: Vec<_> = log
        .iter()
        .map(|line| json!([line["via"], line["action"], line["before"], line["after"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["start", "start", null, 1]),
            json!(["signal", "reload", 1, 2]),
            json!(["signal", "reload", 2, null]),
            json!(["signal", "stop", 2, null]),
        ]
    );
    assert!(
        log.iter()
            .all(|line| line["by"] == "root" && line["v"] == 1)
    );
    assert_eq!(log[1]["what"]["config"], json!(node.config()));
    let [done, failed] = [&log[1], &log[2]].map(|line| line["outcome"].as_str().unwrap());
    assert_eq!(done, "done");
    assert!(failed.contains("mode"), "{failed}");
}

/// What is waited with is not in force, but somebody changed it.
#[test]
#[ignore = "needs root"]
fn a_reload_while_the_interface_is_waited_for_is_written_down() {
    let node = ExitNode::new(&format!("interface = \"absent0\"\n{POLICY}"));
    let mut run = node.run();
    run.arg("--wait");
    let daemon = Daemon::new(node.spawn(run));
    daemon.wait_for("the wait", |event| is_state(event, "waiting"));
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    daemon.stop();
    let log = log(&node);
    assert_eq!((log.len(), &log[0]["action"]), (1, &json!("reload")));
}

#[test]
#[ignore = "needs root"]
fn a_log_that_cannot_be_written_is_told_and_keeps_nothing_from_being_changed() {
    let node = ExitNode::new(POLICY);
    fs::create_dir(node.file("audit.jsonl")).unwrap();
    let daemon = node.guard();
    let told = daemon.wait_for("the trouble", |event| is_state(event, "no_audit"));
    let message = told["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("audit.jsonl"), "{message}");
    node.assert_guarded();
    fs::remove_dir(node.file("audit.jsonl")).unwrap();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    daemon.stop();
    assert_eq!(log(&node).len(), 2);
}

#[test]
#[ignore = "needs root"]
fn a_disk_that_becomes_full_holds_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    fs::create_dir(&path).unwrap();
    let lines = std::thread::spawn(move || {
        // A disk that only this thread sees.
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
        let options = Some("size=4k");
        mount(none, &path, Some("tmpfs"), MsFlags::empty(), options).unwrap();
        let path = path.join("log.jsonl");
        let mut log = LogFile::new(path.clone());
        let line = format!("{}\n", "x".repeat(999));
        for _ in 0..4 {
            log.append(line.as_bytes()).unwrap();
        }
        let full = log.append(line.as_bytes()).unwrap_err();
        assert_eq!(full.raw_os_error(), Some(Errno::ENOSPC as i32));
        fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(str::len)
            .collect::<Vec<_>>()
    });
    assert_eq!(lines.join().unwrap(), [999; 4]);
}
