//! `check` on files that are right.

use serde_json::Value;

use crate::{Folder, MINIMAL, exitguard, with_config};

const FULL: &str = r#"
mode = "enforce"
[egress]
tcp = [22, 80, 443, "6000-6010"]
udp = [53]
protocols = ["gre"]
[[client]]
name = "webserver"
match = ["100.64.0.9", "fd7a:115c:a1e0::9"]
tcp = [443]
on_deny = "reject"
lists = ["bad"]
[[client]]
name = "quarantine"
match = ["100.64.7.0/24"]
lockdown = true
[[list]]
name = "bad"
source = "bad.txt"
[[list]]
name = "doubtful"
source = "doubtful.txt"
action = "observe"
[allow]
destinations = ["198.51.100.10"]
[host]
tcp = [22]
"#;

fn full() -> Folder {
    let folder = Folder::new();
    folder.write("bad.txt", "203.0.113.0/24\n2001:db8:bad::/48\n");
    folder.write("doubtful.txt", "# nothing yet\n");
    folder
}

#[test]
fn shows_the_policy_of_every_client() {
    let said = full().run(FULL, &["check"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!("check-text", said.stdout);
}

#[test]
fn shows_the_same_to_programs() {
    let said = full().run(FULL, &["check", "--json"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!("check-json", said.stdout);
}

#[test]
fn warns_of_host_bits_and_takes_the_prefix() {
    let folder = Folder::new();
    folder.write("bad.txt", "203.0.113.7/24\n");
    let text = format!(
        "{MINIMAL}[[client]]\nname = \"a\"\nmatch = [\"100.64.7.9/24\"]\n[[list]]\nname = \"bad\"\nsource = \"bad.txt\"\n"
    );
    let said = folder.run(&text, &["check", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("warning: exitguard.toml:7:10: "),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("\"100.64.7.9/24\"]\n"),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("warning: bad.txt:1:1: "),
        "{}",
        said.stderr
    );
    let policy: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        policy["rules"][2]["match"],
        serde_json::json!(["100.64.7.0/24"])
    );
    assert_eq!(
        policy["warnings"].as_array().unwrap().len(),
        2,
        "{policy:#}"
    );
}

#[test]
fn nothing_of_a_file_that_is_right_is_said_on_stderr() {
    let said = with_config(MINIMAL, &["check"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(
        said.stdout
            .starts_with("config      exitguard.toml: valid\n"),
        "{}",
        said.stdout
    );
}

#[test]
fn the_example_passes() {
    let example = exitguard(["config", "example"]);
    assert_eq!((example.code, example.stderr.as_str()), (Some(0), ""));
    // As it is printed, without a list beside it.
    let said = with_config(&example.stdout, &["check"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(
        said.stdout.contains("\nmode        observe\n"),
        "{}",
        said.stdout
    );
}
