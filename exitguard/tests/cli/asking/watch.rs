//! `exitguard watch`.

use super::{Daemon, spawn};
use exitguard::control::Flows;
use exitguard::output::{Format, Report, StateEvent, StateReport};
use jiff::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read};
use std::process::Child;

fn daemon() -> Daemon {
    Daemon::new(Flows {
        time: Timestamp::UNIX_EPOCH,
        flows: Vec::new(),
    })
}

fn state(message: &str) -> Report {
    Report::State(StateReport {
        time: Timestamp::UNIX_EPOCH,
        interface: "tailscale0".to_owned(),
        event: StateEvent::Reloaded,
        generation: 1,
        mode: "enforce",
        message: message.to_owned(),
    })
}

fn line(child: &mut BufReader<impl Read>) -> String {
    let mut line = String::new();
    child.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// How it exits, and what it complains about.
fn end(mut child: Child) -> (Option<i32>, String) {
    let mut complaint = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut complaint).unwrap();
    (child.wait().unwrap().code(), complaint)
}

#[test]
fn what_happens_is_shown_until_a_signal_ends_it() {
    for (output, format) in [("text", Format::Text), ("json", Format::Json)] {
        for signal in [Signal::SIGINT, Signal::SIGTERM] {
            let daemon = daemon();
            daemon.tell(state("one"));
            daemon.tell(state("two"));
            let mut child = spawn(&daemon, &["watch", "--output", output, "--last", "1"]);
            let mut stdout = BufReader::new(child.stdout.take().unwrap());
            assert_eq!(line(&mut stdout), format.render(&state("two")));
            daemon.tell(state("three"));
            assert_eq!(line(&mut stdout), format.render(&state("three")));
            kill(Pid::from_raw(child.id() as i32), signal).unwrap();
            assert_eq!(end(child), (Some(0), String::new()));
            assert_eq!(line(&mut stdout), "");
        }
    }
}

#[test]
fn the_end_of_the_daemon_is_told_with_what_is_in_force() {
    let mut daemon = daemon();
    daemon.tell(state("one"));
    let mut child = spawn(&daemon, &["watch", "--last", "1"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    line(&mut stdout);
    daemon.tell(state("the last word"));
    daemon.end();
    let last = Format::Text.render(&state("the last word"));
    assert_eq!(line(&mut stdout), last);
    let (code, complaint) = end(child);
    assert_eq!(code, Some(1));
    assert!(complaint.contains("no daemon answers"), "{complaint}");
    assert!(complaint.contains("is not guarded"), "{complaint}");
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let daemon = daemon();
    daemon.tell(state("one"));
    let mut child = spawn(&daemon, &["watch", "--last", "1"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    line(&mut stdout);
    drop(stdout);
    daemon.tell(state("two"));
    assert_eq!(end(child), (Some(0), String::new()));
}
