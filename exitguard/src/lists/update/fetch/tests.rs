//! Redirects from what is encrypted.
//!
//! The server speaks no TLS: its connections only say that they are encrypted. What is tested is what becomes
//! of a redirect, which has nothing to do with keys.

use super::*;
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};

const LIST: &str = "192.0.2.1\n";

#[derive(Debug)]
struct SaysEncrypted;

impl Connector for SaysEncrypted {
    type Out = Connection;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Connection>, ureq::Error> {
        let plain = TcpConnector::default().connect(details, None::<()>)?;
        Ok(plain.map(|plain| Connection(Box::new(plain))))
    }
}

#[derive(Debug)]
struct Connection(Box<dyn Transport>);

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

/// Sends every first request elsewhere, to itself by this scheme, and answers so many requests.
fn server(scheme: &'static str, requests: usize) -> (SocketAddr, JoinHandle<()>) {
    use std::io::Write;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        for number in 0..requests {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
                request.extend_from_slice(&byte);
            }
            let answer = match number {
                0 => format!(
                    "302 Found\r\nLocation: {scheme}://{address}/feed.txt\r\nContent-Length: 0"
                ),
                _ => format!("200 OK\r\nContent-Length: {}", LIST.len()),
            };
            let body = if number == 0 { "" } else { LIST };
            write!(
                stream,
                "HTTP/1.1 {answer}\r\nConnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    (address, thread)
}

fn fetch(address: SocketAddr) -> Result<Fetched, FetchError> {
    let limits = Limits::default();
    let agent = Agent::with_parts(config(limits), SaysEncrypted, DefaultResolver::default());
    let fetcher = Fetcher {
        agent,
        ..Fetcher::new(limits)
    };
    let url = format!("https://{address}/");
    fetcher.fetch(&url, &Validators::default(), Timestamp::UNIX_EPOCH)
}

#[test]
fn a_redirect_from_https_to_http_is_refused() {
    let (address, server) = server("http", 1);
    let error = fetch(address).unwrap_err();
    assert!(matches!(error, FetchError::Downgrade), "{error}");
    // It has answered its only request: nothing was asked in plain text.
    server.join().unwrap();
}

#[test]
fn a_redirect_from_https_to_https_is_followed() {
    let (address, server) = server("https", 2);
    let Fetched::Body { bytes, .. } = fetch(address).unwrap() else {
        panic!("no list")
    };
    assert_eq!(bytes, LIST.as_bytes());
    server.join().unwrap();
}
