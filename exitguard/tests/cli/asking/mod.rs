//! Commands that ask a daemon: one that this test makes up, or none.

mod flows;
mod watch;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use exitguard::control::{Feed, Flows, Inquiry, Reply, Request, Server};
use exitguard::output::Report;
use tokio::sync::mpsc;

use crate::{Folder, MINIMAL, Said, command, exitguard, exitguard_in};

/// Answers at the socket that its configuration names.
struct Daemon {
    /// Ends before the server, as in a real one.
    feed: Option<Feed>,
    server: Option<Server>,
    folder: Folder,
}

impl Daemon {
    fn new(flows: Flows) -> Self {
        let folder = Folder::new();
        folder.write("exitguard.toml", configuration());
        let (sender, mut inquiries) = mpsc::channel::<Inquiry>(1);
        thread::spawn(move || {
            while let Some(Inquiry { request, reply, .. }) = inquiries.blocking_recv() {
                assert_eq!(request, Request::Flows);
                // Whoever asked may be gone.
                let _ = reply.send(Reply::ok(&flows).into());
            }
        });
        let feed = Feed::default();
        let socket = folder.path().join("control.sock");
        let server = Server::start(&socket, sender, feed.following()).unwrap();
        Self {
            feed: Some(feed),
            server: Some(server),
            folder,
        }
    }

    fn tell(&self, report: Report) {
        self.feed.as_ref().unwrap().push(Arc::new(report));
    }

    /// What a command says to whom it answers.
    fn run(&self, args: &[&str]) -> Said {
        let (command, rest) = args.split_at(1);
        let config = ["--config", "exitguard.toml"];
        let args = command.iter().chain(&config).chain(rest);
        exitguard_in(self.folder.path(), args)
    }

    fn end(&mut self) {
        drop(self.feed.take());
        drop(self.server.take());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
    }
}

/// Of an interface that is on no machine.
fn configuration() -> String {
    format!("interface = \"nosuch0\"\n{MINIMAL}[control]\nsocket = \"control.sock\"\n")
}

const COMMANDS: [&str; 2] = ["watch", "flows"];

#[test]
fn without_a_daemon_it_is_said_what_is_in_force_all_the_same() {
    for command in COMMANDS {
        let said = crate::with_config(&configuration(), &[command]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
        let told = "control.sock; the interface is not guarded: everything passes\n";
        assert!(said.stderr.ends_with(told), "{}", said.stderr);
    }
}

#[test]
fn a_wrong_filter_is_pointed_at_before_anybody_is_asked() {
    for command in COMMANDS {
        let said = exitguard([command, "client:web1", "prot:tcp"]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
        insta::assert_snapshot!("wrong-filter", said.stderr);
    }
}

#[test]
fn a_daemon_of_another_version_is_told_from_none() {
    for command in COMMANDS {
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.path().join("control.sock")).unwrap();
        let other = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = String::new();
            BufReader::new(&stream).read_line(&mut question).unwrap();
            stream.write_all(b"{\"v\":2,\"ok\":{}}\n").unwrap();
        });
        let said = folder.run(&configuration(), &[command]);
        other.join().unwrap();
        assert_eq!((said.code, said.stdout.as_str()), (Some(4), ""));
        assert!(
            said.stderr.contains("version 2 instead of 1"),
            "{}",
            said.stderr
        );
    }
}

/// In the folder of a daemon.
fn spawn(daemon: &Daemon, args: &[&str]) -> std::process::Child {
    let folder: PathBuf = daemon.folder.path().to_owned();
    command()
        .current_dir(folder)
        .args(args)
        .args(["--config", "exitguard.toml"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap()
}
