//! Many clients, and hostile ones. Each test has a socket in a folder of its own, and something that answers.

use super::*;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

const SOON: Duration = Duration::from_secs(10);

struct Answering {
    runtime: Option<Runtime>,
    server: Option<Server>,
    folder: TempDir,
}

impl Answering {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let (sender, mut inquiries) = mpsc::channel::<Inquiry>(1);
        let path = folder.path().join("run/control.sock");
        let server = runtime.block_on(async { Server::start(&path, sender).unwrap() });
        runtime.spawn(async move {
            while let Some(Inquiry { request, reply, .. }) = inquiries.recv().await {
                assert_eq!(request, Request::Status);
                let _ = reply.send(Reply::ok(&sample()));
            }
        });
        Self {
            runtime: Some(runtime),
            server: Some(server),
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

#[test]
fn the_answer_is_one_line_in_the_order_of_the_questions() {
    let answering = Answering::start();
    let question = b"{\"op\":\"status\"}\n{\"op\":\"sing\"}\n{\"op\":\"status\"}\n";
    let answers = answers(answering.connect(), question);
    let [first, second, third] = answers.as_slice() else {
        panic!("{answers:#?}");
    };
    assert_eq!(first["v"], 1);
    assert_eq!(first["ok"]["generation"], 7);
    assert_eq!(first, third);
    assert_eq!(second["error"]["kind"], "bad_request");
    let message = second["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("sing") && message.contains("status"),
        "{message}"
    );
}

#[test]
fn nonsense_is_answered_by_what_is_wrong_with_it() {
    let answering = Answering::start();
    for question in [
        &b"\n"[..],
        b"{}\n",
        b"[1]\n",
        b"status\n",
        b"{\"op\":7}\n",
        b"\0\n",
    ] {
        let answers = answers(answering.connect(), question);
        assert_eq!(answers.len(), 1, "{question:?}");
        assert_eq!(answers[0]["error"]["kind"], "bad_request", "{question:?}");
    }
    answering.assert_answers();
}

#[test]
fn a_question_that_is_too_long_or_no_text_ends_the_connection() {
    let answering = Answering::start();
    let long = [b"{\"op\":\"".as_slice(), &[b'x'; 70_000], b"\"}\n"].concat();
    for (question, word) in [(long.as_slice(), "bytes"), (b"\xff\xfe\n", "UTF-8")] {
        let question = [question, b"{\"op\":\"status\"}\n"].concat();
        let answers = answers(answering.connect(), &question);
        assert_eq!(answers.len(), 1, "{answers:?}");
        let message = answers[0]["error"]["message"].as_str().unwrap();
        assert!(message.contains(word), "{message}");
    }
    answering.assert_answers();
}

#[test]
fn half_a_question_keeps_nobody_else_waiting() {
    let answering = Answering::start();
    let mut halves: Vec<UnixStream> = (0..20).map(|_| answering.connect()).collect();
    for half in &mut halves {
        half.write_all(b"{\"op\":").unwrap();
    }
    answering.assert_answers();
    let rest = answers(halves.pop().unwrap(), b"\"status\"}\n");
    assert_eq!(rest[0]["ok"]["generation"], 7);
}

#[test]
fn whoever_asks_and_never_reads_keeps_nobody_else_waiting() {
    let answering = Answering::start();
    let stream = answering.connect();
    stream.set_nonblocking(true).unwrap();
    let mut greedy = &stream;
    // Until its buffers and ours are full.
    loop {
        match greedy.write(b"{\"op\":\"status\"}\n") {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    answering.assert_answers();
}

#[test]
fn a_thousand_connections_are_answered_or_refused_and_the_next_one_is_answered() {
    let answering = Answering::start();
    let (mut served, mut refused) = (Vec::new(), 0);
    for _ in 0..1_000 {
        let mut stream = answering.connect();
        // One that was refused may be closed already.
        let _ = stream.write_all(b"{\"op\":\"status\"}\n");
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        if line.contains("\"busy\"") {
            refused += 1;
        } else {
            assert!(line.contains("\"ok\""), "{line}");
            served.push(stream);
        }
    }
    assert_eq!((served.len(), refused), (64, 936));
    drop(served);
    let deadline = std::time::Instant::now() + SOON;
    while Client::connect(&answering.path())
        .unwrap()
        .status()
        .is_err()
    {
        assert!(
            std::time::Instant::now() < deadline,
            "nobody is served any more"
        );
        thread::yield_now();
    }
}

#[test]
fn nobody_else_of_this_machine_may_connect() {
    let answering = Answering::start();
    let mode = std::fs::metadata(answering.path())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o007, 0, "{mode:o}");
}

#[test]
fn what_a_killed_daemon_left_is_replaced_and_what_lives_is_not() {
    let first = Answering::start();
    let taken = first
        .runtime
        .as_ref()
        .unwrap()
        .block_on(async { Server::start(&first.path(), mpsc::channel(1).0) });
    assert!(matches!(taken, Err(ListenError::Taken { .. })), "{taken:?}");
    first.assert_answers();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    // A socket that nobody listens at any more.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = start_at(&first, &path).unwrap();
    drop(server);
    assert!(!path.exists());

    // A file is not ours to remove.
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(
        start_at(&first, &path),
        Err(ListenError::Listen { .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}

fn start_at(answering: &Answering, path: &Path) -> Result<Server, ListenError> {
    let runtime = answering.runtime.as_ref().unwrap();
    runtime.block_on(async { Server::start(path, mpsc::channel(1).0) })
}

#[test]
fn a_socket_that_took_its_place_is_left_alone() {
    let mut answering = Answering::start();
    let path = answering.path();
    std::fs::remove_file(&path).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    drop(answering.server.take());
    assert!(path.exists());
}

#[test]
fn a_client_tells_a_daemon_of_another_version_from_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    assert!(matches!(
        Client::connect(&path),
        Err(ClientError::Absent(_))
    ));
    for (answer, is_expected) in [
        (
            &b"{\"v\":2,\"ok\":{}}\n"[..],
            is_foreign as fn(&ClientError) -> bool,
        ),
        (b"HTTP/1.1 400 Bad Request\r\n", is_foreign),
        (b"{\"v\":1,\"ok\":{\"version\":\"9\"}}\n", is_foreign),
        (b"{\"v\":1", is_silent),
        (b"", is_silent),
    ] {
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let other = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = [0; 16];
            stream.read_exact(&mut question).unwrap();
            stream.write_all(answer).unwrap();
        });
        let error = Client::connect(&path).unwrap().status().unwrap_err();
        assert!(is_expected(&error), "{answer:?}: {error}");
        other.join().unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}

fn is_foreign(error: &ClientError) -> bool {
    matches!(error, ClientError::Foreign(_))
}

fn is_silent(error: &ClientError) -> bool {
    matches!(error, ClientError::Silent(_))
}
