//! What answers may be another daemon, or none.

use super::*;
use std::io::Read;

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
