//! From the first start to the removal.

use std::io::{Read, Write};

use exitguard::lab::Exchange;
use serde_json::Value;

use crate::machine::{CONFIG, Machine};
use crate::readme::console_with;
use crate::until;

#[test]
#[ignore = "needs root"]
fn started_means_in_force_and_the_status_says_so() {
    let machine = Machine::with_service();
    machine.assert_open();
    machine.start_service();
    machine.assert_guarded();
    let status = machine.property("exitguard", "StatusText");
    assert!(status.starts_with("guarded by "), "{status}");
    let status = machine.done("exitguard status");
    assert!(status.starts_with("tailscale0: enforcing\n"), "{status}");
    let said = machine.run("exitguard doctor");
    let found = |line: &str| said.stdout.lines().any(|this| this == line);
    assert!(
        found("ok       daemon          tailscale0 is enforcing"),
        "{said:#?}"
    );
    assert!(said.stdout.contains("\nproblems: 0; "), "{said:#?}");
}

#[test]
#[ignore = "needs root"]
fn a_daemon_that_is_killed_comes_back_to_what_was_in_force() {
    let machine = Machine::with_service();
    machine.start_service();
    machine.done("exitguard block 203.0.113.66");
    machine.assert_guarded();
    let denied = || {
        let status: Value = serde_json::from_str(&machine.done("exitguard status --json")).unwrap();
        status["outbound"]["denied_pkts"].as_u64().unwrap()
    };
    let before = denied();
    let process = machine.property("exitguard", "MainPID");
    machine.done(&format!("kill -KILL {process}"));
    machine.assert_guarded();
    machine.restarted(&process);
    machine.assert_guarded();
    assert!(denied() >= before + 2);
    assert!(machine.done("exitguard blocks").contains(" 203.0.113.66 "));
}

/// A stopped process answers nobody, and ends by no fault of its own.
#[test]
#[ignore = "needs root"]
fn a_daemon_that_hangs_is_restarted() {
    let machine = Machine::with_service();
    machine.write(
        "/etc/systemd/system/exitguard.service.d/watchdog.conf",
        "[Service]\nWatchdogSec=5\nRestartSec=100ms\n",
    );
    machine.start_service();
    let process = machine.property("exitguard", "MainPID");
    machine.done(&format!("kill -STOP {process}"));
    machine.assert_guarded();
    machine.restarted(&process);
    machine.assert_guarded();
}

/// Each of them needs something of the kernel or the file system, and the unit lets it.
#[test]
#[ignore = "needs root"]
fn whatever_it_is_asked_for_works_in_its_sandbox() {
    let mut machine = Machine::with_service();
    machine.start_service();
    let process = machine.property("exitguard", "MainPID");
    machine.assert_guarded();

    machine.done("exitguard block 203.0.113.66 --for 1h && exitguard undo");
    machine.done("exitguard lockdown 100.64.0.9 && exitguard unlock 100.64.0.9");
    machine.done("exitguard learn && exitguard flows && exitguard status --metrics");
    let config = machine.read(CONFIG);
    let more = config.replace("tcp = [22, 80,", "tcp = [22, 80, 81,");
    machine.write("/etc/exitguard/new.toml", &more);
    machine.done("echo y | exitguard apply /etc/exitguard/new.toml");
    machine.assert_open();
    machine.write(CONFIG, &config);
    machine.done("systemctl reload exitguard");
    until("the reload", || machine.ask()[1] == Exchange::Refused);

    // What is moved away is made anew.
    machine.done("cd /var/log/exitguard && mv events.jsonl events.1 && mv audit.jsonl audit.1");
    machine.done("exitguard block 203.0.113.66");
    until("new logs", || {
        let look = "cd /var/log/exitguard && grep changed events.jsonl && grep block audit.jsonl";
        machine.run(look).code == Some(0)
    });

    let mut metrics = machine.connect("/run/exitguard/metrics.sock");
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    metrics.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    metrics.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("exitguard_protection{state=\"enforcing\"} 1"));

    // As tailscaled does when it restarts; what it asks for then is asked for by nothing else.
    machine.lab.recreate_tun().unwrap();
    until("the new interface", || {
        machine.ask() == [Exchange::Answered, Exchange::Refused]
    });

    // None of it was its end: what the unit does not let it ask the kernel for would have been.
    assert_eq!(machine.property("exitguard", "MainPID"), process);
}

#[test]
#[ignore = "needs root"]
fn what_is_in_force_stays_when_the_service_stops_and_goes_with_off() {
    let machine = Machine::with_service();
    machine.start_service();
    machine.done("systemctl stop exitguard");
    machine.assert_guarded();
    machine.done("systemctl start exitguard && exitguard off");
    machine.assert_open();
    let state = || machine.property("exitguard", "ActiveState");
    until("the end", || state() == "inactive");
    assert_eq!(machine.property("exitguard", "Result"), "success");

    // Also between its end by a fault and the next start.
    machine.done("systemctl start exitguard");
    let process = machine.property("exitguard", "MainPID");
    machine.done(&format!("kill -KILL {process}"));
    until("the fault", || {
        machine.property("exitguard", "SubState") == "auto-restart"
    });
    machine.done("systemctl stop exitguard; exitguard off");
    assert_eq!(state(), "inactive");
    machine.assert_open();
}

#[test]
#[ignore = "needs root"]
fn nothing_is_left_after_the_removal_of_the_readme() {
    let machine = Machine::with_service();
    machine.start_service();
    for line in [
        "systemctl daemon-reload && systemctl enable --now exitguard-lists.timer",
        "systemctl daemon-reload && systemctl restart exitguard",
        "install -m 644 packaging/logrotate.d/exitguard /etc/logrotate.d/",
    ] {
        machine.done(&console_with(line));
    }
    let ours = "find /etc /root /run /sys/fs/bpf /tmp /usr/local /var -name '*exitguard*'
                getent group exitguard exitguard-operator || :";
    let before = machine.done(ours);
    let is_there = |path: &str| before.lines().any(|line| line == path);
    assert!(is_there("/usr/local/bin/exitguard") && is_there("/sys/fs/bpf/exitguard"));
    machine.done(&console_with("exitguard off"));
    assert_eq!(machine.done(ours), "");
    machine.assert_open();
}
