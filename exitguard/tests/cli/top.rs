//! The live screen, where it cannot be shown.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::thread;

use nix::pty::openpty;

use crate::{Folder, MINIMAL, command, with_config};

fn folder() -> Folder {
    let folder = Folder::new();
    let control = "[control]\nsocket = \"control.sock\"\n";
    folder.write("exitguard.toml", MINIMAL.to_owned() + control);
    folder
}

/// What it says on a terminal, and how it exits.
fn on_a_terminal(folder: &Folder, term: &str) -> (i32, String) {
    let pty = openpty(None, None).unwrap();
    let slave = || Stdio::from(pty.slave.try_clone().unwrap());
    let mut top = command();
    top.args(["top", "--config", "exitguard.toml"])
        .current_dir(folder.path())
        .env("TERM", term)
        .stdin(slave())
        .stdout(slave())
        .stderr(slave());
    let mut child = top.spawn().unwrap();
    // The command holds the terminal's other end, too.
    drop((top, pty.slave));
    let mut shown = Vec::new();
    let mut chunk = [0; 4096];
    let mut terminal = File::from(pty.master);
    while let Ok(length @ 1..) = terminal.read(&mut chunk) {
        shown.extend_from_slice(&chunk[..length]);
    }
    let shown = String::from_utf8(shown).unwrap();
    (child.wait().unwrap().code().unwrap(), shown)
}

#[test]
fn without_a_terminal_there_is_a_sentence() {
    let said = with_config(MINIMAL, &["top"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert_eq!(
        said.stderr,
        "exitguard: top needs a terminal; for programs there is `exitguard status --json`\n"
    );
}

#[test]
fn a_terminal_that_only_prints_is_not_drawn_on() {
    let (code, shown) = on_a_terminal(&folder(), "dumb");
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("TERM is \"dumb\""), "{shown}");
}

#[test]
fn without_a_daemon_the_terminal_is_not_taken() {
    let folder = folder();
    let (code, shown) = on_a_terminal(&folder, "xterm");
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.starts_with("exitguard: no daemon answers at "),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn a_daemon_of_another_version_is_told_from_none() {
    let folder = folder();
    let listener = UnixListener::bind(folder.path().join("control.sock")).unwrap();
    let daemon = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = String::new();
        BufReader::new(&stream).read_line(&mut question).unwrap();
        stream.write_all(b"{\"v\":2,\"ok\":{}}\n").unwrap();
    });
    let (code, shown) = on_a_terminal(&folder, "xterm");
    daemon.join().unwrap();
    assert_eq!(code, 4, "{shown}");
    assert!(
        shown.contains("is the daemon of another version?"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}
