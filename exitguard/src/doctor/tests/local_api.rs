//! A tailscaled that is made up.

use crate::doctor::gather::tailscale::tailscale;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread::{self, JoinHandle};

const STATUS: &str = r#"{"Version":"1.2.3","TUN":true,"BackendState":"Running",
 "TailscaleIPs":["100.64.0.1","fd7a:115c:a1e0::1"],"Health":null,
 "Self":{"HostName":"exit1","AllowedIPs":["100.64.0.1/32","0.0.0.0/0","::/0"],"ExitNodeOption":true},"Peer":null}"#;

/// Answers each of as many questions, whichever they are.
fn tailscaled(path: &Path, answers: &'static [(&str, &str)], questions: usize) -> JoinHandle<()> {
    let listener = UnixListener::bind(path).unwrap();
    thread::spawn(move || {
        for _ in 0..questions {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend_from_slice(&byte);
            }
            let request = String::from_utf8(request).unwrap();
            let asked = |what: &str| request.starts_with(&format!("GET /localapi/v0/{what} "));
            let answer = answers.iter().find(|(what, _)| asked(what));
            let answer = answer.map_or_else(
                || "HTTP/1.0 404 Not Found\r\n\r\n".to_owned(),
                |(_, body)| format!("HTTP/1.0 200 OK\r\n\r\n{body}"),
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    })
}

#[test]
fn everything_that_tailscaled_says_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tailscaled.sock");
    let server = tailscaled(
        &path,
        &[
            ("status?peers=false", STATUS),
            (
                "prefs",
                r#"{"AdvertiseRoutes":["0.0.0.0/0","::/0"],"NetfilterMode":1,"NoSNAT":true,"RunSSH":true,"ShieldsUp":true}"#,
            ),
            ("check-ip-forwarding", r#"{"Warning":"IPv6 is off"}"#),
            ("check-udp-gro-forwarding", r#"{"Warning":""}"#),
        ],
        4,
    );
    let said = tailscale(&path).unwrap();
    server.join().unwrap();
    insta::assert_debug_snapshot!(said);
}

#[test]
fn what_another_version_does_not_know_is_missing_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tailscaled.sock");
    let server = tailscaled(&path, &[("status?peers=false", "{\"Self\":null}")], 4);
    let said = tailscale(&path).unwrap();
    server.join().unwrap();
    assert!(said.status.backend_state.is_none() && said.prefs.is_none());
    assert!(said.forwarding.is_none() && said.udp_gro.is_none());
}

#[test]
fn nobody_who_answers_is_said_with_the_place() {
    let why = tailscale(Path::new("/nowhere/tailscaled.sock")).unwrap_err();
    assert!(
        why.starts_with("no answer at /nowhere/tailscaled.sock: "),
        "{why}"
    );
}
