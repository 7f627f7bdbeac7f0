//! Those who scrape, and those who mean harm.

use super::sample;
use crate::config::Listen;
use crate::control::{Inquiry, ListenError, Reply, Request};
use crate::metrics::{Server, text};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

const SOON: Duration = Duration::from_secs(30);
/// For who takes longer than two seconds to be cut off, on a busy machine.
const CUT: Duration = Duration::from_secs(10);

struct Scraped {
    runtime: Option<Runtime>,
    server: Option<Server>,
    folder: TempDir,
}

impl Scraped {
    fn start() -> Self {
        Self::answering(|inquiry| {
            assert_eq!(inquiry.request, Request::Status);
            assert!(!inquiry.peer.is_operator);
            let _ = inquiry.reply.send(Reply::ok(&sample()).into());
        })
    }

    fn answering(answer: fn(Inquiry)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let (sender, mut inquiries) = mpsc::channel::<Inquiry>(1);
        let at = Listen::Unix(folder.path().join("metrics.sock"));
        let server = runtime.block_on(async { Server::start(&at, sender).unwrap() });
        runtime.spawn(async move {
            while let Some(inquiry) = inquiries.recv().await {
                answer(inquiry);
            }
        });
        Self {
            runtime: Some(runtime),
            server: Some(server),
            folder,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("metrics.sock")
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.path()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream
    }

    /// What comes back for bytes, until the other side ends it.
    fn answer(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        // Cut off before everything was sent: the answer is here all the same.
        let _ = stream.write_all(request);
        rest(stream)
    }

    fn assert_scrapes(&self) {
        let said = self.answer(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(body, text(&sample()));
    }
}

impl Drop for Scraped {
    fn drop(&mut self) {
        drop(self.server.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn rest(mut stream: impl Read) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8(answer).unwrap(),
    }
}

fn status_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

#[test]
fn a_scrape_gets_all_metrics_and_says_what_they_are() {
    let scraped = Scraped::start();
    scraped.assert_scrapes();
    let said = scraped.answer(b"GET /metrics?x=1 HTTP/1.0\r\n\r\n");
    assert!(said.starts_with("HTTP/1.0 200 OK\r\n"), "{said}");
    assert!(
        said.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n"),
        "{said}"
    );
}

#[test]
fn head_gets_the_size_and_no_more() {
    let scraped = Scraped::start();
    let said = scraped.answer(b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(status_line(&said), "HTTP/1.1 200 OK");
    let length = format!("\r\ncontent-length: {}\r\n", text(&sample()).len());
    assert!(said.contains(&length), "{said}");
    assert!(said.ends_with("\r\n\r\n"), "{said}");
}

#[test]
fn everything_else_is_refused() {
    let scraped = Scraped::start();
    let ask = |line: &str| scraped.answer(format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    for path in [
        "/",
        "/metrics/",
        "/metric",
        "/../metrics",
        "/%6detrics",
        "*",
    ] {
        let said = ask(&format!("GET {path}"));
        assert_eq!(status_line(&said), "HTTP/1.1 404 Not Found", "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        let said = ask(&format!("{method} /metrics"));
        assert_eq!(status_line(&said), "HTTP/1.1 405 Method Not Allowed");
        assert!(said.contains("\r\nallow: GET, HEAD\r\n"), "{said}");
    }
    for nonsense in [
        &b"\x16\x03\x01\x02\x00\r\n\r\n"[..],
        b"{\"op\":\"status\"}\n\r\n\r\n",
    ] {
        let said = scraped.answer(nonsense);
        assert_eq!(status_line(&said), "HTTP/1.1 400 Bad Request", "{said}");
    }
    scraped.assert_scrapes();
}

#[test]
fn one_connection_is_one_answer() {
    let scraped = Scraped::start();
    let twice = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2);
    let said = scraped.answer(twice.as_bytes());
    assert_eq!(said.matches("HTTP/1.1 200 OK").count(), 1, "{said}");
}

#[test]
fn requests_that_are_too_large_are_cut_off() {
    let scraped = Scraped::start();
    let long = "x".repeat(1 << 20);
    for request in [
        format!("GET /{long} HTTP/1.1\r\n\r\n"),
        format!("GET /metrics HTTP/1.1\r\nX: {long}\r\n\r\n"),
        format!("GET /metrics HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200)),
    ] {
        let said = scraped.answer(request.as_bytes());
        assert!(!said.contains("200 OK"), "{said}");
        assert!(said.len() < 1_000, "{said}");
    }
    // A body is nobody's business, however long it is said to be.
    let said = scraped
        .answer(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nx");
    assert_eq!(status_line(&said), "HTTP/1.1 405 Method Not Allowed");
    scraped.assert_scrapes();
}

#[test]
fn who_sends_half_a_request_is_cut_off() {
    let scraped = Scraped::start();
    let begin = Instant::now();
    for half in [&b""[..], b"GET /met", b"GET /metrics HTTP/1.1\r\nHost:"] {
        let said = scraped.answer(half);
        assert!(!said.contains("200 OK"), "{said}");
    }
    assert!(begin.elapsed() < 3 * CUT);
    scraped.assert_scrapes();
}

/// A byte now and then does not begin the time anew.
#[test]
fn who_dawdles_is_cut_off() {
    let scraped = Scraped::start();
    let mut stream = scraped.connect();
    let begin = Instant::now();
    let pause = Some(Duration::from_millis(100));
    stream.set_read_timeout(pause).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    loop {
        assert!(begin.elapsed() < CUT, "it is still listened to");
        match stream.read(&mut [0; 512]) {
            Ok(0) => break,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
            Ok(_) => {}
        }
        if stream.write_all(b"A: b\r\n").is_err() {
            break;
        }
    }
    scraped.assert_scrapes();
}

fn is_open(mut stream: &UnixStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0; 512]);
    read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn a_thousand_who_say_nothing_keep_nobody_out_for_long() {
    let scraped = Scraped::start();
    let mut idle = Vec::new();
    for _ in 0..10 {
        idle.extend((0..100).map(|_| scraped.connect()));
        // All but sixteen are closed, and these in turn make room.
        let begin = Instant::now();
        while idle.len() > 16 {
            idle.retain(is_open);
            assert!(begin.elapsed() < CUT, "{} are served", idle.len());
        }
    }
    let begin = Instant::now();
    loop {
        let said = scraped.answer(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        if status_line(&said) == "HTTP/1.1 200 OK" {
            break;
        }
        assert!(begin.elapsed() < CUT, "nobody gets in");
    }
    drop(idle);
    scraped.assert_scrapes();
}

#[test]
fn a_daemon_that_is_about_to_end_says_so() {
    let scraped = Scraped::answering(drop);
    let said = scraped.answer(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(status_line(&said), "HTTP/1.1 503 Service Unavailable");
}

#[test]
fn the_socket_is_not_for_everybody_and_goes_with_the_server() {
    let mut scraped = Scraped::start();
    let mode = scraped.path().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o007, 0);
    let at = Listen::Unix(scraped.path());
    let start = || Server::start(&at, mpsc::channel(1).0);
    let runtime = scraped.runtime.as_ref().unwrap();
    let second = runtime.block_on(async { start() }).unwrap_err();
    assert!(matches!(second, ListenError::Taken { .. }), "{second}");
    assert!(
        second.to_string().contains("`listen` in [metrics]"),
        "{second}"
    );
    drop(scraped.server.take());
    assert!(!scraped.path().exists());
}

#[test]
fn a_port_is_scraped_the_same_and_taken_only_once() {
    let runtime = Runtime::new().unwrap();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address: SocketAddr = free.local_addr().unwrap();
    let (sender, mut inquiries) = mpsc::channel::<Inquiry>(1);
    let taken = runtime.block_on(async { Server::start(&Listen::Tcp(address), sender.clone()) });
    let error = taken.unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot listen at {address}: ")),
        "{error}"
    );
    drop(free);
    let server = runtime
        .block_on(async { Server::start(&Listen::Tcp(address), sender) })
        .unwrap();
    runtime.spawn(async move {
        while let Some(inquiry) = inquiries.recv().await {
            let _ = inquiry.reply.send(Reply::ok(&sample()).into());
        }
    });
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let said = rest(stream);
    assert!(said.ends_with(&text(&sample())), "{said}");
    drop(server);
    let begin = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(begin.elapsed() < CUT, "it still listens");
    }
    runtime.shutdown_background();
}
