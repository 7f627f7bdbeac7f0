//! What is printed for other programs to read.

use std::process::Stdio;

use crate::{command, exitguard};

#[test]
fn completions_name_every_command_and_flag() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = exitguard(["completions", shell]);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{shell}");
        for word in [
            "exitguard",
            "run",
            "check",
            "explain",
            "off",
            "completions",
            "man",
            "wait",
        ] {
            assert!(said.stdout.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn the_manual_names_every_command_and_the_exit_codes() {
    let said = exitguard(["man"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(said.stdout.contains(".TH exitguard 1"), "{}", said.stdout);
    for word in [
        "exitguard\\-run(1)",
        "exitguard\\-check(1)",
        "exitguard\\-off(1)",
        "Exit codes",
    ] {
        assert!(said.stdout.contains(word), "{word}\n{}", said.stdout);
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    for args in [
        &["man"][..],
        &["completions", "bash"],
        &["config", "example"],
    ] {
        let mut child = command()
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
    }
}
