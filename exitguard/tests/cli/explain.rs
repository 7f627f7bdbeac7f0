//! `explain`: the answer in its text, its JSON and its exit code.

use serde_json::{Value, json};

use crate::{Folder, Said};

const POLICY: &str = r#"
mode = "enforce"
[egress]
tcp = [443]
udp = [53]
on_deny = "reject"
[[client]]
name = "web"
match = ["100.64.0.9", "100.64.9.0/24"]
tcp = [80]
[[list]]
name = "bad"
source = "bad.txt"
[allow]
destinations = ["198.51.100.10"]
"#;

fn explain(policy: &str, args: &[&str]) -> Said {
    let folder = Folder::new();
    folder.write("bad.txt", "198.51.100.0/28\n");
    folder.run(policy, &[&["explain"], args].concat())
}

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.stdout).unwrap()
}

#[test]
fn answers_people() {
    let mut told = String::new();
    for args in [
        &["203.0.113.7:443"][..],
        &["203.0.113.7:25"],
        &["203.0.113.7:53/udp"],
        &["203.0.113.7/icmp"],
        &["203.0.113.7"],
        &["[2001:db8::7]:443"],
        &["198.51.100.1:443"],
        &["198.51.100.10:443"],
        &["10.1.2.3:443"],
        &["--client", "web", "203.0.113.7:80"],
        &["--client", "web", "203.0.113.7:443"],
        &["--client", "100.64.9.77", "203.0.113.7:80"],
    ] {
        let said = explain(POLICY, args);
        assert_eq!(said.stderr, "", "{args:?}");
        told += &format!(
            "$ exitguard explain {}\n{}= {}\n\n",
            args.join(" "),
            said.stdout,
            said.code.unwrap()
        );
    }
    insta::assert_snapshot!("explain-text", told);
}

#[test]
fn answers_programs() {
    let said = explain(POLICY, &["--json", "203.0.113.7:443"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        json_of(&said),
        json!({"decision": "allow", "reason": "port", "rule": "egress",
            "destination": "203.0.113.7:443/tcp", "mode": "enforce", "action": "pass"})
    );
    let said = explain(POLICY, &["--json", "--client", "web", "198.51.100.1:80"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(1), ""));
    assert_eq!(
        json_of(&said),
        json!({"decision": "deny", "reason": "blocklist", "rule": "client web", "list": "bad",
            "entry": "198.51.100.0/28", "client": "100.64.0.9", "destination": "198.51.100.1:80/tcp",
            "mode": "enforce", "action": "reject"})
    );
}

#[test]
fn what_is_only_observed_passes_and_is_a_negative_answer_all_the_same() {
    let observing = POLICY.replace("\"enforce\"", "\"observe\"");
    let said = explain(&observing, &["--json", "203.0.113.7:25"]);
    let answer = json_of(&said);
    assert_eq!(answer["decision"], "would_deny");
    assert_eq!(answer["action"], "pass");
    assert_eq!(said.code, Some(1));
}

#[test]
fn questions_without_sense_are_refused() {
    for (args, word) in [
        (&["example.com:443"][..], "example.com:443"),
        (&["203.0.113.7:0"], "203.0.113.7:0"),
        (&["203.0.113.7:70000"], "203.0.113.7:70000"),
        (&["203.0.113.7:443/quic"], "quic"),
        (&["10.0.0.0/300"], "300"),
        (&["--client", "nobody", "203.0.113.7:443"], "clients: web"),
    ] {
        let said = explain(POLICY, args);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(said.stderr.starts_with("exitguard: "), "{}", said.stderr);
        assert!(said.stderr.contains(word), "{}", said.stderr);
    }
}
