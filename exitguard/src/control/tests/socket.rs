//! The socket itself.

use super::*;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tokio::runtime::Builder;

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
    let taken = start_at(&first.path());
    assert!(matches!(taken, Err(ListenError::Taken { .. })), "{taken:?}");
    first.assert_answers();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    // A socket that nobody listens at any more.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = start_at(&path).unwrap();
    drop(server);
    assert!(!path.exists());

    // A file is not ours to remove.
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(start_at(&path), Err(ListenError::Listen { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}

/// As the daemon does, which waits for other things on the same thread.
fn start_at(path: &Path) -> Result<Server, ListenError> {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { Server::start(path, mpsc::channel(1).0, Feed::default().following()) })
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
