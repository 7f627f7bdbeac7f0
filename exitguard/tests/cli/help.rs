//! What every command says about itself.

use crate::exitguard;

const COMMANDS: [&[&str]; 32] = [
    &[],
    &["demo"],
    &["run"],
    &["check"],
    &["explain"],
    &["status"],
    &["watch"],
    &["flows"],
    &["top"],
    &["block"],
    &["unblock"],
    &["blocks"],
    &["allow"],
    &["lockdown"],
    &["unlock"],
    &["undo"],
    &["apply"],
    &["learn"],
    &["doctor"],
    &["off"],
    &["lists"],
    &["lists", "check"],
    &["lists", "update"],
    &["lists", "accept"],
    &["lists", "status"],
    &["lists", "diff"],
    &["lists", "show"],
    &["lists", "catalogue"],
    &["config"],
    &["config", "example"],
    &["completions"],
    &["man"],
];

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        let said = exitguard(command.iter().chain(&["--help"]));
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
        let name = ["help"].iter().chain(command).copied();
        insta::assert_snapshot!(name.collect::<Vec<_>>().join("-"), said.stdout);
    }
}

#[test]
fn the_short_help_is_shorter() {
    let [short, long] = ["-h", "--help"].map(|flag| exitguard(["run", flag]));
    assert_eq!((short.code, short.stderr.as_str()), (Some(0), ""));
    assert!(short.stdout.len() < long.stdout.len());
    let about = long.stdout.lines().next().unwrap();
    assert!(
        short.stdout.starts_with(about.trim_end_matches('.')),
        "{}",
        short.stdout
    );
}

/// A command that is added has to be added above, or its help is not looked at.
#[test]
fn there_is_no_other_command() {
    let help = exitguard(["--help"]).stdout;
    let section = help.split("Commands:\n").nth(1).unwrap();
    let named: Vec<&str> = section
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    let mut tested: Vec<&str> = COMMANDS
        .iter()
        .filter_map(|command| command.first().copied())
        .collect();
    tested.dedup();
    assert_eq!(named, tested);
}

#[test]
fn the_version_says_which_kernel_programs_are_inside() {
    let short = exitguard(["-V"]);
    assert_eq!(short.code, Some(0));
    assert_eq!(
        short.stdout,
        concat!("exitguard ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let long = exitguard(["--version"]).stdout;
    let digest = long
        .lines()
        .find_map(|line| line.strip_prefix("kernel programs: "))
        .unwrap();
    assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn nonsense_on_the_command_line_is_answered_on_stderr() {
    for args in [
        &[][..],
        &["rnu"],
        &["run", "--mode", "maybe"],
        &["run", "--interface", "a name that is too long"],
        &["run", "--output", "xml"],
        &["explain"],
        &["check", "--config"],
        &["completions", "basic"],
    ] {
        let said = exitguard(args);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(
            said.stderr.contains("Usage:") || said.stderr.contains("--help"),
            "{args:?}"
        );
    }
}
