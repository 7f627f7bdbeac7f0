//! What people see while lists are downloaded, and nobody else.

use crate::server::Answer;
use crate::site::{Site, UPDATE};
use nix::pty::openpty;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

/// Some hundred kilobytes.
fn large() -> String {
    let mut text = String::new();
    for number in 0..40_000 {
        writeln!(text, "198.18.{}.{}", number / 256, number % 256).unwrap();
    }
    text
}

/// What an update shows on a terminal of this kind.
fn on_a_terminal(site: &Site, term: &str) -> String {
    let pty = openpty(None, None).unwrap();
    let mut update = Command::new(env!("CARGO_BIN_EXE_exitguard"));
    update
        .args(UPDATE)
        .args(["--config", "exitguard.toml"])
        .env_clear()
        .envs([("TERM", term), ("NO_COLOR", "1")])
        .current_dir(site.folder.path())
        .stdout(Stdio::from(pty.slave.try_clone().unwrap()))
        .stderr(Stdio::from(pty.slave));
    let mut child = update.spawn().unwrap();
    // The command holds the terminal's other end, too.
    drop(update);
    let mut shown = Vec::new();
    let mut chunk = [0; 4096];
    let mut terminal = File::from(pty.master);
    // EIO, when nobody has the other end any more.
    while let Ok(length @ 1..) = terminal.read(&mut chunk) {
        shown.extend_from_slice(&chunk[..length]);
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    String::from_utf8(shown).unwrap()
}

#[test]
fn progress_is_shown_on_a_terminal_and_cleared_before_the_result() {
    let site = Site::new();
    site.server.say([Answer::ok(large())]);
    let shown = on_a_terminal(&site, "xterm");
    let (before, result) = shown.rsplit_once("\r\u{1b}[K").unwrap();
    assert!(before.contains("feed: waiting for the server"), "{shown:?}");
    assert!(
        result.starts_with("feed: accepted, 40000 entries\r\n"),
        "{shown:?}"
    );
    // No colours, whatever NO_COLOR says.
    assert!(
        !shown.contains("\u{1b}[3") && !shown.contains("\u{1b}[1m"),
        "{shown:?}"
    );
}

#[test]
fn nothing_moves_on_a_terminal_that_cannot_clear_lines_or_in_a_pipe() {
    let site = Site::new();
    site.server.say([Answer::ok(large())]);
    let shown = on_a_terminal(&site, "dumb");
    assert!(
        shown.starts_with("feed: accepted, 40000 entries\r\n"),
        "{shown:?}"
    );
    let said = site.run(&UPDATE);
    assert_eq!(
        (said.code, said.stdout.as_str(), said.stderr.as_str()),
        (Some(0), "", "")
    );
}
