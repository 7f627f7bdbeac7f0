//! Questions to the tailscaled of this host, over its LocalAPI: HTTP on a UNIX socket, bounded in size and time.

use serde::de::DeserializeOwned;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Where tailscaled answers, on most systems.
pub const TAILSCALED: &str = "/var/run/tailscale/tailscaled.sock";

/// It answers from memory; nobody waits longer for that.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longer than anything that is asked for here.
const MAX_BYTES: usize = 1 << 20;

/// What tailscaled answers to `GET /localapi/v0/` and `path`, read as JSON.
///
/// # Errors
/// When tailscaled is not there, does not answer in time, or answers something else.
pub fn get<T: DeserializeOwned>(socket: &Path, path: &str) -> io::Result<T> {
    read(&ask(socket, path)?)
}

/// What an answer says, from its first byte to its last, read as JSON.
///
/// # Errors
/// When it is not one of tailscaled.
pub(super) fn read<T: DeserializeOwned>(answer: &[u8]) -> io::Result<T> {
    let is_answer = answer.starts_with(b"HTTP/1.0 200 ") || answer.starts_with(b"HTTP/1.1 200 ");
    let body = memchr::memmem::find(answer, b"\r\n\r\n").and_then(|end| answer.get(end + 4..));
    match body {
        Some(body) if is_answer => Ok(serde_json::from_slice(body)?),
        _ => Err(io::Error::other("the answer is not one of tailscaled")),
    }
}

/// HTTP/1.0, so that the answer is what comes until the connection is closed.
fn ask(path: &Path, what: &str) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + PATIENCE;
    let mut socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Of a connection, too, which waits while too many others do.
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.connect(&SockAddr::unix(path)?)?;
    let request =
        format!("GET /localapi/v0/{what} HTTP/1.0\r\nHost: local-tailscaled.sock\r\n\r\n");
    socket.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut part) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(part.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
        if answer.len() > MAX_BYTES {
            return Err(io::Error::other("the answer is too long"));
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tailscaled;
    use serde_json::Value;

    /// What [`get`] makes of an answer, or of none.
    fn answered(answer: Option<&[u8]>) -> (String, io::Result<Value>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tailscaled.sock");
        let server = tailscaled(&path, vec![answer.map(<[u8]>::to_vec)]);
        let said = get(&path, "status?peers=false");
        (server.join().unwrap().remove(0), said)
    }

    #[test]
    fn the_body_of_an_answer_is_read_as_json() {
        let answer = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"TUN\":true}";
        let (request, said) = answered(Some(answer));
        assert_eq!(said.unwrap()["TUN"], true);
        assert!(request.starts_with("GET /localapi/v0/status?peers=false HTTP/1.0\r\n"));
        assert!(request.contains("\r\nHost: local-tailscaled.sock\r\n"));
    }

    #[test]
    fn whatever_else_comes_is_an_error_and_soon() {
        let start = Instant::now();
        let mut endless = b"HTTP/1.0 200 OK\r\n\r\n[".to_vec();
        endless.resize(3 * MAX_BYTES, b' ');
        for answer in [
            &b""[..],
            b"HTTP/1.0 403 Forbidden\r\n\r\n{}",
            b"HTTP/1.0 200 OK\r\n\r\n",
            b"HTTP/1.0 200 OK\r\n\r\n<html>",
            b"HTTP/1.0 200 OK\r\n",
            &endless,
        ] {
            answered(Some(answer)).1.unwrap_err();
        }
        let silent = answered(None).1.unwrap_err();
        assert_eq!(silent.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() < 2 * PATIENCE);
        let nobody = get::<Value>(Path::new("/nowhere/tailscaled.sock"), "status").unwrap_err();
        assert_eq!(nobody.kind(), io::ErrorKind::NotFound);
    }
}
