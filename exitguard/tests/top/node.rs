//! An exit node with a daemon and a terminal.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use exitguard::control::Client;
use exitguard::lab::{
    CLIENT_V4, EXIT_V4, EchoServer, Exchange, Lab, LabOptions, SERVER_V4, tcp_exchange,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::screen::Screen;
use crate::{SOON, until};

/// The port that the policy allows, and one that it denies.
pub(crate) const OPEN: u16 = 80;
pub(crate) const SHUT: u16 = 81;

const CONFIG: &str = "mode = \"enforce\"\n[egress]\ntcp = [80]\nudp = []\non_deny = \"reject\"\n\
                      [control]\nsocket = \"control.sock\"\nchanges = \"changes.json\"\naudit = \"audit.jsonl\"\n";

pub(crate) struct Node {
    daemon: Child,
    _servers: [EchoServer; 2],
    pub(crate) lab: Lab,
    folder: TempDir,
}

impl Node {
    /// The policy is in force when this returns.
    pub(crate) fn new() -> Self {
        let lab = Lab::build(&LabOptions::default()).unwrap();
        let server =
            |port| EchoServer::tcp(lab.internet(), SocketAddr::new(SERVER_V4, port)).unwrap();
        let servers = [server(OPEN), server(SHUT)];
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("exitguard.toml"), CONFIG).unwrap();
        let daemon = start(&lab, &folder);
        Self {
            daemon,
            _servers: servers,
            lab,
            folder,
        }
    }

    /// Ends the daemon, which leaves the policy in force.
    pub(crate) fn stop(&mut self) {
        let id = Pid::from_raw(self.daemon.id().try_into().unwrap());
        kill(id, Signal::SIGTERM).unwrap();
        assert!(self.daemon.wait().unwrap().success());
    }

    /// Starts it again.
    pub(crate) fn start(&mut self) {
        self.daemon = start(&self.lab, &self.folder);
    }

    /// What a client gets from the server at a port.
    pub(crate) fn ask(&self, port: u16) -> Exchange {
        let server = SocketAddr::new(SERVER_V4, port);
        tcp_exchange(self.lab.client(), CLIENT_V4, server, SOON).unwrap()
    }

    /// A client is denied everything, and hears nothing about it.
    pub(crate) fn assert_locked_down(&self) {
        let patience = Duration::from_secs(1);
        let server = SocketAddr::new(SERVER_V4, OPEN);
        let got = tcp_exchange(self.lab.client(), CLIENT_V4, server, patience).unwrap();
        assert_eq!(got, Exchange::TimedOut);
    }

    /// Another command, which has to succeed.
    pub(crate) fn command(&self, args: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exitguard"));
        command
            .env_clear()
            .args(args)
            .arg("--config")
            .arg(self.config())
            .stdout(Stdio::null());
        let status = self.lab.exit().enter(|| command.status()).unwrap();
        assert!(status.unwrap().success(), "{args:?}");
    }

    /// `exitguard top` in a terminal.
    pub(crate) fn top(&self, width: u16, height: u16) -> Screen {
        self.screen(width, height, "")
    }

    /// The same, over ssh from an address.
    pub(crate) fn top_from(&self, width: u16, height: u16, address: IpAddr) -> Screen {
        let connection = format!("SSH_CONNECTION='{address} 50022 {EXIT_V4} 22'");
        self.screen(width, height, &connection)
    }

    fn screen(&self, width: u16, height: u16, environment: &str) -> Screen {
        let config = self.config();
        let command = format!(
            "{environment} {} top --config {}",
            env!("CARGO_BIN_EXE_exitguard"),
            config.display()
        );
        let start = || Screen::start((width, height), &command);
        self.lab.exit().enter(start).unwrap()
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("exitguard.toml")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Most have ended already. What is in force goes with the lab.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn start(lab: &Lab, folder: &TempDir) -> Child {
    let mut run = Command::new(env!("CARGO_BIN_EXE_exitguard"));
    run.env_clear()
        .args(["run", "--config"])
        .arg(folder.path().join("exitguard.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let daemon = lab.exit().enter(|| run.spawn()).unwrap().unwrap();
    let socket = folder.path().join("control.sock");
    let answer = || {
        let answer = Client::connect(&socket).and_then(|mut client| client.status());
        answer.map_err(|error| error.to_string())
    };
    until(answer, "an answer of the daemon");
    daemon
}
