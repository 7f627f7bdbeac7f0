//! A lab with two servers, and exitguard in it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use exitguard::lab::{
    CLIENT_V4, EchoServer, Exchange, Lab, LabOptions, SERVER_V4, TcpSession, tcp_exchange,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::{SOON, is_state};

/// The port that every policy of these tests allows, and one that most of them deny.
pub(crate) const OPEN: u16 = 80;
pub(crate) const SHUT: u16 = 81;

/// Denials are answered, so that nobody has to wait for silence.
pub(crate) const POLICY: &str =
    "mode = \"enforce\"\n[egress]\ntcp = [80]\nudp = []\non_deny = \"reject\"\n";

/// The same, but nothing is denied to TCP.
pub(crate) const LENIENT: &str =
    "mode = \"enforce\"\n[egress]\ntcp = \"any\"\nudp = []\non_deny = \"reject\"\n";

pub(crate) struct ExitNode {
    _servers: [EchoServer; 2],
    pub(crate) lab: Lab,
    folder: TempDir,
}

impl ExitNode {
    /// With a configuration, and without anything that runs.
    pub(crate) fn new(policy: &str) -> Self {
        let lab = Lab::build(&LabOptions::default()).unwrap();
        let server =
            |port| EchoServer::tcp(lab.internet(), SocketAddr::new(SERVER_V4, port)).unwrap();
        let node = Self {
            _servers: [server(OPEN), server(SHUT)],
            lab,
            folder: tempfile::tempdir().unwrap(),
        };
        node.write(policy);
        node
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("exitguard.toml")
    }

    /// A file beside the configuration.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration; its socket is this node's.
    pub(crate) fn write(&self, policy: &str) {
        let control = "\n[control]\nsocket = \"control.sock\"\naudit = \"audit.jsonl\"\nchanges = \"changes.json\"\n";
        fs::write(self.config(), policy.to_owned() + control).unwrap();
    }

    /// Puts something in the place of the socket that is none.
    pub(crate) fn block_socket(&self) {
        fs::write(self.folder.path().join("control.sock"), "").unwrap();
    }

    /// Writes a list beside the configuration.
    pub(crate) fn write_list(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// `exitguard run` with JSON on a pipe.
    pub(crate) fn run(&self) -> Command {
        let mut run = self.command();
        run.args(["run", "--output", "json", "--config"])
            .arg(self.config());
        run
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exitguard"));
        command
            .env_clear()
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts a command on the exit node.
    pub(crate) fn spawn(&self, mut command: Command) -> Child {
        self.lab.exit().enter(|| command.spawn()).unwrap().unwrap()
    }

    /// Runs a command on the exit node to its end.
    pub(crate) fn output(&self, command: Command) -> Output {
        output(self.spawn(command))
    }

    /// Runs `exitguard off` to its end, and returns what it said.
    pub(crate) fn off(&self) -> String {
        let mut off = self.command();
        off.arg("off");
        let output = self.output(off);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the daemon; its policy is in force when this returns.
    pub(crate) fn guard(&self) -> Daemon {
        let daemon = Daemon::new(self.spawn(self.run()));
        daemon.wait_for("the start", |event| is_state(event, "started"));
        daemon
    }

    /// What a client gets from the server at a port.
    pub(crate) fn ask(&self, port: u16) -> Exchange {
        let server = SocketAddr::new(SERVER_V4, port);
        tcp_exchange(self.lab.client(), CLIENT_V4, server, SOON).unwrap()
    }

    /// A connection of a client to the port that every policy allows.
    pub(crate) fn session(&self) -> TcpSession {
        let server = SocketAddr::new(SERVER_V4, OPEN);
        TcpSession::open(self.lab.client(), CLIENT_V4, server, SOON).unwrap()
    }

    /// Only what [`POLICY`] allows gets through.
    pub(crate) fn assert_guarded(&self) {
        assert_eq!(
            (self.ask(OPEN), self.ask(SHUT)),
            (Exchange::Answered, Exchange::Refused)
        );
    }

    /// Everything gets through.
    pub(crate) fn assert_open(&self) {
        assert_eq!(
            (self.ask(OPEN), self.ask(SHUT)),
            (Exchange::Answered, Exchange::Answered)
        );
    }
}

/// A running daemon whose events are read as they come. It is killed when the test forgets about it.
pub(crate) struct Daemon {
    child: Child,
    events: Receiver<Value>,
}

/// How a daemon ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The events that nobody had waited for.
    pub(crate) events: Vec<Value>,
    pub(crate) stderr: String,
}

impl Daemon {
    pub(crate) fn new(mut child: Child) -> Self {
        let events = events(child.stdout.take().unwrap());
        Self { child, events }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next event that is wanted; those before it are passed over.
    pub(crate) fn wait_for(&self, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        next(&self.events, what, is_wanted)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Until it has ended by itself.
    pub(crate) fn ended(mut self) -> Ended {
        let deadline = Instant::now() + SOON;
        let mut rest = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) => rest.push(event),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("still there after {SOON:?}: {rest:#?}"),
            }
        }
        let status = self.child.wait().unwrap();
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        Ended {
            status,
            events: rest,
            stderr,
        }
    }

    pub(crate) fn stop(self) -> Ended {
        self.signal(Signal::SIGTERM);
        self.ended()
    }

    /// Ends it as the kernel does when memory is short.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Most have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a child said, which has to end by itself.
pub(crate) fn output(child: Child) -> Output {
    let id = Pid::from_raw(child.id().try_into().unwrap());
    let (sender, ended) = channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    ended.recv_timeout(SOON).map_or_else(
        |_| {
            // Nobody else waits for it, so the number is still its own.
            let _ = kill(id, Signal::SIGKILL);
            panic!("still there after {SOON:?}");
        },
        Result::unwrap,
    )
}

pub(crate) fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// Reads events until the pipe is closed.
pub(crate) fn events(stdout: ChildStdout) -> Receiver<Value> {
    let (sender, events) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let event =
                serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if sender.send(event).is_err() {
                return;
            }
        }
    });
    events
}

/// The next event that is wanted; those before it are passed over.
pub(crate) fn next(
    events: &Receiver<Value>,
    what: &str,
    mut is_wanted: impl FnMut(&Value) -> bool,
) -> Value {
    let deadline = Instant::now() + SOON;
    let mut passed = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match events.recv_timeout(left) {
            Ok(event) if is_wanted(&event) => return event,
            Ok(event) => passed.push(event),
            Err(error) => panic!("no event of {what}: {error}; but {passed:#?}"),
        }
    }
}
