//! `exitguard doctor` on any machine, by any user: what depends on the machine is not looked at.

use crate::{Folder, MINIMAL, Said};
use serde_json::Value;

const DOCTOR: [&str; 3] = ["doctor", "--tailscaled", "nowhere.sock"];

/// With a socket where nobody answers.
fn doctor(policy: &str, more: &[&str]) -> Said {
    let text = format!("{policy}[control]\nsocket = \"nowhere.sock\"\n");
    Folder::new().run(&text, &[&DOCTOR, more].concat())
}

fn finding<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut findings = report["findings"].as_array().unwrap().iter();
    findings.find(|finding| finding["name"] == name).unwrap()
}

#[test]
fn without_a_daemon_there_is_a_problem_and_a_remedy() {
    let said = doctor(MINIMAL, &["--json"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(1), ""));
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(finding(&report, "configuration")["state"], "ok");
    assert_eq!(finding(&report, "tailscale")["state"], "unknown");
    let daemon = finding(&report, "daemon");
    assert_eq!(daemon["state"], "problem");
    assert_eq!(daemon["remedy"], "systemctl start exitguard");
    let states = report["findings"].as_array().unwrap().iter();
    let problems = states
        .filter(|finding| finding["state"] == "problem")
        .count();
    assert_eq!(report["problems"], problems);
}

#[test]
fn a_configuration_that_is_wrong_is_a_problem_with_its_place() {
    let said = doctor(&MINIMAL.replace("443", "99999"), &[]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(1), ""));
    let mut lines = said.stdout.lines();
    let line = lines.find(|line| line.starts_with("PROBLEM  configuration"));
    assert!(
        line.unwrap().contains("exitguard.toml:3:"),
        "{}",
        said.stdout
    );
}
