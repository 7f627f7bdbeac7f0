//! What cannot be done here, or not by this user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::unistd::Uid;

use crate::{Folder, MINIMAL, exitguard, said};

const NOBODY: u32 = 65534;

#[test]
fn a_missing_configuration_is_named() {
    for command in [&["check"][..], &["run"], &["explain", "192.0.2.1"]] {
        let said = exitguard(
            command
                .iter()
                .chain(&["--config", "/nonexistent/exitguard.toml"]),
        );
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
        assert_eq!(
            said.stderr,
            "exitguard: cannot read /nonexistent/exitguard.toml: No such file or directory (os error 2); \
             `exitguard config example` prints one to begin with\n"
        );
    }
}

#[test]
fn a_configuration_that_is_a_folder_is_named() {
    let said = exitguard(["check", "--config", "/"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert_eq!(
        said.stderr,
        "exitguard: cannot read /: Is a directory (os error 21)\n"
    );
}

#[test]
fn the_command_line_cannot_take_the_name_away_that_a_gate_needs() {
    let folder = Folder::new();
    let config = folder.write("exitguard.toml", format!("fail = \"closed\"\n{MINIMAL}"));
    let config = config.to_str().unwrap();
    let said = exitguard(["run", "--interface", "auto", "--config", config]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert_eq!(
        said.stderr,
        "exitguard: `fail = \"closed\"` is not possible with `--interface auto`; name the interface\n"
    );
}

/// With `--wait`, too: whoever may not guard is not made to wait for an interface.
#[test]
fn who_may_not_load_programs_is_told_what_is_needed() {
    let folder = Folder::new();
    let config = folder.write("exitguard.toml", MINIMAL);
    // Where the build is may be closed to others.
    let binary = folder.path().join("exitguard");
    fs::copy(env!("CARGO_BIN_EXE_exitguard"), &binary).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for more in [&[][..], &["--wait"]] {
        let mut command = Command::new(&binary);
        command.env_clear().current_dir("/").stdin(Stdio::null());
        command.arg("run").args(more).arg("--config").arg(&config);
        if Uid::effective().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let said = said(&mut command);
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(3), ""),
            "{}",
            said.stderr
        );
        assert_eq!(
            said.stderr,
            "exitguard: not permitted to load BPF programs; run as root, or with the capabilities CAP_BPF, \
             CAP_NET_ADMIN and CAP_PERFMON\n"
        );
    }
}

#[test]
fn a_change_that_is_typed_wrong_is_told_before_anybody_is_asked() {
    for (words, wanted) in [
        (&["lockdown"][..], "<CLIENT|--all>"),
        (&["unlock"], "<CLIENT|--all>"),
        (&["lockdown", "web1", "--all"], "cannot be used with"),
        (
            &["block", "203.0.113.7", "--for", "-5m"],
            "a second to ten years",
        ),
        (
            &["block", "203.0.113.7", "--for", "0s"],
            "a second to ten years",
        ),
        (&["apply", "new.toml", "--confirm", "2d"], "1s to 24h"),
    ] {
        let said = exitguard(words);
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(2), ""),
            "{words:?}"
        );
        assert!(said.stderr.contains(wanted), "{words:?}: {}", said.stderr);
    }
}
