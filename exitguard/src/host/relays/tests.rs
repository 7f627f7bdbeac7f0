//! A tailscaled that answers, and several that do not.

use super::*;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A tailscaled that gives each of these answers to one connection, or no answer for `None`; at the end, what
/// it was asked.
pub(crate) fn tailscaled(path: &Path, answers: Vec<Option<Vec<u8>>>) -> JoinHandle<Vec<String>> {
    let listener = UnixListener::bind(path).unwrap();
    thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend_from_slice(&byte);
            }
            match answer {
                // Whoever has heard enough closes the connection.
                Some(answer) => drop(stream.write_all(&answer)),
                None => drop(stream.read(&mut [0])),
            }
            requests.push(String::from_utf8(request).unwrap());
        }
        requests
    })
}

fn answered(answer: Option<&[u8]>) -> io::Result<Vec<IpAddr>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tailscaled.sock");
    let server = tailscaled(&path, vec![answer.map(<[u8]>::to_vec)]);
    let relays = relays(&path);
    let request = &server.join().unwrap()[0];
    assert!(request.starts_with("GET /localapi/v0/derpmap HTTP/1.0\r\n"));
    assert!(request.contains("\r\nHost: local-tailscaled.sock\r\n"));
    relays
}

#[test]
fn the_addresses_of_all_nodes_are_found_each_once() {
    let map = r#"HTTP/1.0 200 OK
Content-Type: application/json

{"Regions":{"1":{"RegionID":1,"Nodes":[
    {"Name":"1a","HostName":"derp1a.example","IPv4":"198.51.100.9","IPv6":"2001:db8::9"},
    {"Name":"1b","HostName":"derp1b.example","IPv4":"none","STUNPort":-1}]},
  "900":{"Nodes":[{"IPv4":"192.0.2.9","IPv6":""},{"IPv4":"198.51.100.9"}]},"901":{}},
 "omitDefaultRegions":true}"#;
    let (head, body) = map.split_once("\n\n").unwrap();
    let map = format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n"));
    let relays = answered(Some(map.as_bytes())).unwrap();
    let relays: Vec<_> = relays.iter().map(ToString::to_string).collect();
    assert_eq!(relays, ["192.0.2.9", "198.51.100.9", "2001:db8::9"]);
}

/// Go writes `null` for what it has nothing of, and tailscaled for a region that a tailnet does without.
#[test]
fn what_there_is_nothing_of_takes_nothing_else_away() {
    for (map, expected) in [
        (r#"{"Regions":null}"#, &[][..]),
        (
            r#"{"Regions":{"1":null,"2":{"Nodes":null},"3":{"Nodes":[null,{"IPv4":"192.0.2.9","IPv6":null}]}}}"#,
            &["192.0.2.9"],
        ),
    ] {
        let answer = format!("HTTP/1.0 200 OK\r\n\r\n{map}");
        let relays = answered(Some(answer.as_bytes())).unwrap();
        let relays: Vec<_> = relays.iter().map(ToString::to_string).collect();
        assert_eq!(relays, expected, "{map}");
    }
}

#[test]
fn whatever_else_comes_is_an_error_and_soon() {
    let start = Instant::now();
    let mut endless = b"HTTP/1.0 200 OK\r\n\r\n{\"Regions\":{".to_vec();
    endless.resize(3 << 20, b' ');
    for answer in [
        &b""[..],
        b"HTTP/1.0 403 Forbidden\r\n\r\n{\"Regions\":{}}",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n{\"Regions\":[]}",
        b"HTTP/1.0 200 OK\r\n\r\n<html>",
        b"HTTP/1.0 200 OK\r\n",
        &endless,
    ] {
        answered(Some(answer)).unwrap_err();
    }
    answered(None).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(4));
    let nobody = relays(Path::new("/nowhere/tailscaled.sock")).unwrap_err();
    assert_eq!(nobody.kind(), io::ErrorKind::NotFound);
}
