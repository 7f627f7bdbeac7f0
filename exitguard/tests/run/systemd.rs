//! What systemd is told when it asks to be (`Type=notify`), and its journal.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::exit_node::{Daemon, ExitNode, POLICY, send};
use crate::{SOON, is_state, until};

/// The words of the next messages, until one of them is wanted.
fn wait_for(socket: &UnixDatagram, wanted: &str) -> Vec<String> {
    let deadline = Instant::now() + SOON;
    let mut words = Vec::new();
    let mut message = [0; 4_096];
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    loop {
        assert!(Instant::now() < deadline, "no {wanted} but {words:?}");
        match socket.recv(&mut message) {
            Ok(length) => {
                let text = String::from_utf8(message[..length].to_vec()).unwrap();
                words.extend(text.lines().map(str::to_owned));
                if words.iter().any(|word| word == wanted) {
                    return words;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn start(node: &ExitNode, more: &[&str]) -> (Daemon, UnixDatagram) {
    let path = node.config().with_file_name("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut run = node.run();
    run.args(more).env("NOTIFY_SOCKET", &path);
    (Daemon::new(node.spawn(run)), socket)
}

#[test]
#[ignore = "needs root"]
fn systemd_is_told_of_start_life_and_end() {
    let node = ExitNode::new(POLICY);
    let (daemon, socket) = start(&node, &[]);
    let words = wait_for(&socket, "READY=1");
    // Ready means in force.
    node.assert_guarded();
    assert!(words.iter().all(|word| word != "STOPPING=1"), "{words:?}");
    wait_for(&socket, "WATCHDOG=1");
    daemon.signal(Signal::SIGTERM);
    wait_for(&socket, "STOPPING=1");
    assert_eq!(daemon.ended().status.code(), Some(0));
}

/// Otherwise the boot would wait for tailscaled, and the watchdog restart us meanwhile.
#[test]
#[ignore = "needs root"]
fn to_wait_for_the_interface_is_to_be_ready() {
    let node = ExitNode::new(&format!("interface = \"absent0\"\n{POLICY}"));
    let (daemon, socket) = start(&node, &["--wait"]);
    daemon.wait_for("the wait", |event| is_state(event, "waiting"));
    wait_for(&socket, "READY=1");
    wait_for(&socket, "WATCHDOG=1");
    wait_for(&socket, "WATCHDOG=1");
}

#[test]
#[ignore = "needs root"]
fn text_for_the_journal_leaves_its_own_time_out() {
    let node = ExitNode::new(POLICY);
    let first_line = |journal: Option<&File>| {
        let output = tempfile::NamedTempFile::new().unwrap();
        let mut run = node.command();
        run.args(["run", "--config"]).arg(node.config());
        run.stdout(output.reopen().unwrap());
        let stat = journal.unwrap_or(output.as_file()).metadata().unwrap();
        run.env("JOURNAL_STREAM", format!("{}:{}", stat.dev(), stat.ino()));
        let mut child = node.spawn(run);
        let said = || fs::read_to_string(output.path()).unwrap();
        until("the start", || said().contains('\n'));
        send(&child, Signal::SIGTERM);
        assert!(child.wait().unwrap().success());
        said().lines().next().unwrap().to_owned()
    };
    let line = first_line(None);
    assert!(
        line.starts_with("started    tailscale0 (enforce, policy 1): "),
        "{line}"
    );
    // The journal is somewhere else.
    let elsewhere = tempfile::tempfile().unwrap();
    let line = first_line(Some(&elsewhere));
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(
        time.ends_with('Z') && rest.starts_with("started  "),
        "{line}"
    );
}
