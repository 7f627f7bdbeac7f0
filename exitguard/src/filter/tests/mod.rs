//! What filters mean, and what is said about those that mean nothing.

mod properties;
pub(crate) mod reports;

use super::*;
use crate::control::{Amount, Decided, Flow, FlowState};
use jiff::Timestamp;

/// A denied flow of a client with a name.
fn flow() -> Flow {
    Flow {
        id: 1,
        client: "100.64.0.9".parse().unwrap(),
        client_port: Some(40_000),
        client_name: Some("web 1".to_owned()),
        remote: "203.0.113.7".parse().unwrap(),
        remote_port: Some(443),
        protocol: 6,
        inbound: false,
        state: FlowState::New,
        sent: Amount::default(),
        received: Amount::default(),
        denied_pkts: 1,
        decision: Decided::Deny,
        reason: "blocklist".to_owned(),
        rule: "client web 1".to_owned(),
        list: Some("feodo".to_owned()),
        entry: Some("203.0.113.0/24".to_owned()),
        start: Timestamp::UNIX_EPOCH,
        last: Timestamp::UNIX_EPOCH,
        generation: 7,
    }
}

fn matches(text: &str, flow: &Flow) -> bool {
    match Filter::parse(text) {
        Ok(filter) => filter.matches(flow),
        Err(error) => panic!("{}", error.render()),
    }
}

#[test]
fn every_key_looks_at_its_own_part_of_a_flow() {
    for (text, is_match) in [
        ("client:100.64.0.9", true),
        ("client:100.64.0.0/24", true),
        ("client:100.64.0.8", false),
        ("client:203.0.113.7", false),
        ("client:\"web 1\"", true),
        ("client:web", false),
        ("dst:203.0.113.7", true),
        ("dst:203.0.113.0/25", true),
        ("dst:203.0.113.128/25", false),
        ("dst:2001:db8::/32", false),
        ("dst:0.0.0.0/0", true),
        ("dst:100.64.0.9", false),
        ("port:443", true),
        ("port:442", false),
        ("port:440-443", true),
        ("port:444-65535", false),
        ("port:40000", false),
        ("proto:tcp", true),
        ("proto:TCP", true),
        ("proto:6", true),
        ("proto:udp", false),
        ("reason:blocklist", true),
        ("reason:port", false),
        ("list:feodo", true),
        ("list:feod", false),
        ("rule:\"client web 1\"", true),
        ("rule:\"web 1\"", true),
        ("rule:egress", false),
        ("state:new", true),
        ("state:established", false),
        ("deny", true),
        ("allow", false),
        ("would_deny", false),
        ("203.0.113.7", true),
        ("100.64.0.0/10", true),
        ("198.51.100.7", false),
    ] {
        assert_eq!(matches(text, &flow()), is_match, "{text}");
        assert_eq!(matches(&format!("!{text}"), &flow()), !is_match, "!{text}");
        assert_eq!(matches(&format!("-{text}"), &flow()), !is_match, "-{text}");
    }
}

#[test]
fn all_terms_have_to_hold_and_one_value_of_each() {
    for (text, is_match) in [
        ("", true),
        (" \t\n", true),
        ("port:80,443,8000-8100 deny", true),
        ("  port:443   allow ", false),
        ("port:443 port:80", false),
        ("allow,deny", true),
        ("198.51.100.7,203.0.113.0/24", true),
        ("client:web2,\"web 1\" !list:other,feodo", false),
        ("client:web2,\"web 1\" !list:other", true),
    ] {
        assert_eq!(matches(text, &flow()), is_match, "{text}");
    }
    assert!(Filter::parse(" ").unwrap().is_empty());
}

#[test]
fn what_a_flow_does_not_have_is_matched_by_the_negation() {
    let ping = Flow {
        client_name: None,
        client_port: None,
        remote: "2001:db8::7".parse().unwrap(),
        remote_port: None,
        protocol: 58,
        reason: "icmp".to_owned(),
        rule: "egress".to_owned(),
        list: None,
        decision: Decided::WouldDeny,
        state: FlowState::Established,
        ..flow()
    };
    for text in [
        "!port:0-65535",
        "!list:feodo",
        "!client:x",
        "would_deny",
        "would-deny",
        "proto:icmpv6",
        "dst:2001:db8::/32",
        "2001:db8::7",
        "state:established",
    ] {
        assert!(matches(text, &ping), "{text}");
    }
    assert!(!matches("port:0-65535", &ping));
    assert!(!matches("proto:icmp", &ping));
}

#[test]
fn quotes_keep_spaces_and_commas_together() {
    let called = |name: &str| Flow {
        client_name: Some(name.to_owned()),
        ..flow()
    };
    for (text, name) in [
        (r#"client:"a b""#, "a b"),
        (r#"client:"a,b""#, "a,b"),
        (r#"client:"a \"b\" \\ c""#, r#"a "b" \ c"#),
        (r#"client:a"b"#, r#"a"b"#),
        // A name that looks like an address is one only in quotes.
        (r#"client:"192.0.2.1""#, "192.0.2.1"),
        ("client:é", "é"),
    ] {
        assert!(matches(text, &called(name)), "{text}");
        assert!(!matches(text, &called("other")), "{text}");
        let written = Filter::parse(text).unwrap().to_string();
        assert!(matches(&written, &called(name)), "{written}");
    }
}

#[test]
fn mistakes_are_pointed_at_with_what_to_do_about_them() {
    let rendered: Vec<String> = [
        "client:web1 prot:tcp",
        "src:192.0.2.1",
        "colour:red",
        "dney",
        "web1",
        "blocklist",
        "established",
        "tcp",
        "443",
        "port",
        "port:",
        "port: 443",
        "port:80,,443",
        "port:80,",
        "port:https",
        "port:70000",
        "port:9-3",
        "port:-3",
        "proto:tpc",
        "proto:256",
        "reason:blokclist",
        "reason:bad",
        "state:open",
        "dst:web1",
        "dst:203.0.113.7:443",
        "dst:[2001:db8::1]:443",
        "203.0.113.7:443",
        "dst:203.0.113.0/33",
        "client:100.64.0.300",
        "::ffff:192.0.2.1",
        "deny !",
        "!!deny",
        r#"client:"web 1"#,
        r#"client:"web"1"#,
        "\"web\t1\"",
        "é \u{1b}[31m\u{202e} deny",
    ]
    .into_iter()
    .map(|text| Filter::parse(text).unwrap_err().render())
    .collect();
    insta::assert_snapshot!(rendered.join("\n\n"));
}

#[test]
fn a_filter_has_a_bound() {
    let text = format!("client:a{}", "é".repeat(MAX_FILTER / 2));
    let error = Filter::parse(&text).unwrap_err();
    assert_eq!(error.span(), MAX_FILTER..MAX_FILTER, "{}", error.message());
    let longest = &text[..MAX_FILTER];
    assert!(Filter::parse(longest).is_ok());
}
