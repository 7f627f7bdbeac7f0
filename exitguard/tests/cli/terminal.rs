//! Colours: on a terminal, and only there.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use nix::pty::openpty;

use crate::{Folder, MINIMAL, command, said};

const ESCAPE: char = '\u{1b}';

/// A mistake and a warning: what is coloured on a terminal.
fn mistaken() -> Folder {
    let folder = Folder::new();
    folder.write("exitguard.toml", MINIMAL.replace("443", "70000"));
    folder
}

/// What `check` shows on a terminal.
fn on_a_terminal(folder: &Folder, environment: &[(&str, &str)]) -> String {
    let pty = openpty(None, None).unwrap();
    let mut check = command();
    check
        .arg("check")
        .args(["--config", "exitguard.toml"])
        .current_dir(folder.path())
        .envs(environment.iter().copied())
        .stdout(Stdio::from(pty.slave.try_clone().unwrap()))
        .stderr(Stdio::from(pty.slave));
    let mut child = check.spawn().unwrap();
    // The command holds the terminal's other end, too.
    drop(check);
    let mut shown = Vec::new();
    let mut chunk = [0; 4096];
    let mut terminal = File::from(pty.master);
    // EIO, when nobody has the other end any more (pty(7) of other systems says end of file).
    while let Ok(length @ 1..) = terminal.read(&mut chunk) {
        shown.extend_from_slice(&chunk[..length]);
    }
    assert_eq!(child.wait().unwrap().code(), Some(2));
    String::from_utf8(shown).unwrap()
}

#[test]
fn mistakes_are_coloured_on_a_terminal() {
    let shown = on_a_terminal(&mistaken(), &[]);
    assert!(shown.contains(ESCAPE), "{shown}");
    // The convention (no-color.org): empty counts as absent.
    let shown = on_a_terminal(&mistaken(), &[("NO_COLOR", "")]);
    assert!(shown.contains(ESCAPE), "{shown}");
}

#[test]
fn no_color_is_respected() {
    let shown = on_a_terminal(&mistaken(), &[("NO_COLOR", "1")]);
    assert!(shown.contains("70000"), "{shown}");
    assert!(!shown.contains(ESCAPE), "{shown}");
}

#[test]
fn pipes_get_no_escapes() {
    let folder = mistaken();
    folder.write("right.toml", MINIMAL);
    for args in [
        &["--help"][..],
        &["run", "--help"],
        &["run", "--mode", "maybe"],
        &["check", "--config", "exitguard.toml"],
        &["check", "--config", "right.toml"],
        &["explain", "--config", "right.toml", "192.0.2.1:443"],
        &["config", "example"],
    ] {
        let said = said(command().current_dir(folder.path()).args(args));
        let all = said.stdout + &said.stderr;
        assert!(!all.is_empty() && !all.contains(ESCAPE), "{args:?}\n{all}");
    }
}
