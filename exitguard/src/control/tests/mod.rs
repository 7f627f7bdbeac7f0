//! Many clients, and hostile ones. Each test has a socket in a folder of its own, and something that answers.

mod client;
mod long;
mod questions;
mod socket;
mod watchers;
mod watching;

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

const SOON: Duration = Duration::from_secs(10);

struct Answering {
    runtime: Option<Runtime>,
    server: Option<Server>,
    feed: Option<Feed>,
    folder: TempDir,
}

impl Answering {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let (sender, mut inquiries) = mpsc::channel::<Inquiry>(1);
        let path = folder.path().join("run/control.sock");
        let feed = Feed::default();
        let server = Server::start(&path, sender, feed.following()).unwrap();
        runtime.spawn(async move {
            while let Some(Inquiry { request, reply, .. }) = inquiries.recv().await {
                assert_eq!(request, Request::Status);
                let _ = reply.send(Reply::ok(&sample()).into());
            }
        });
        Self {
            runtime: Some(runtime),
            server: Some(server),
            feed: Some(feed),
            folder,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("run/control.sock")
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.path()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream
    }

    fn assert_answers(&self) {
        let status = Client::connect(&self.path()).unwrap().status().unwrap();
        assert_eq!(status, sample());
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        drop(self.feed.take());
        drop(self.server.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn sample() -> Status {
    Status {
        version: "0.1.0".into(),
        pid: 7,
        started: "2026-01-02T12:00:00Z".parse().unwrap(),
        interface: "tailscale0".into(),
        device: Some(4),
        attached_by: Some("tcx".into()),
        protection: Protection::Enforcing,
        reason: None,
        mode: "enforce".into(),
        fail: "open".into(),
        gate_closed: false,
        generation: 7,
        policy_since: Some("2026-01-02T12:00:00Z".parse().unwrap()),
        reload_error: None,
        trial_until: None,
        unprotected_seconds: 0.25,
        clients: 1,
        changes: 0,
        lists: vec![ListStatus {
            name: "bad".into(),
            action: "deny".into(),
            state: "current".into(),
            reason: None,
            entries: 3,
            age: Some(60),
            hits: 2,
        }],
        flows: 12,
        flow_table: 131_072,
        outbound: Traffic::default(),
        inbound: Traffic::default(),
        denied_pkts: [("port".to_owned(), 3)].into(),
        would_deny_pkts: Default::default(),
        lost_kernel: 0,
        lost_output: 0,
        lost_file: 0,
    }
}

/// What comes back for bytes, line by line, until the other side ends it.
fn answers(mut stream: UnixStream, question: &[u8]) -> Vec<serde_json::Value> {
    // Cut off before everything was sent: the answers are here all the same.
    let _ = stream.write_all(question);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let lines = BufReader::new(stream).lines();
    lines
        .map_while(Result::ok)
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect()
}
