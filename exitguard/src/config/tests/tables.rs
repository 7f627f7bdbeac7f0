//! The small languages, case by case, and what clients take from `[egress]`.

use super::*;
use crate::policy::PortSet;
use std::time::Duration;

#[test]
fn interface_names_are_those_that_linux_accepts() {
    for name in [
        "tailscale0",
        "eth0.100",
        "a",
        "fifteen-letters",
        "wg-home",
        "en@x",
        "é",
    ] {
        assert_eq!(parse_interface(name), Ok(Interface::Named(name.to_owned())));
    }
    assert_eq!(parse_interface("auto"), Ok(Interface::Auto));
    for name in [
        "",
        ".",
        "..",
        "a/b",
        "eth0:1",
        "eth 0",
        " eth0",
        "eth0\n",
        "eth\u{0}",
        "sixteen--letters",
        "éééééééé",
    ] {
        let problem = parse_interface(name).unwrap_err();
        let message = format!("{name:?} cannot be the name of an interface");
        assert_eq!(problem.message, message);
    }
}

#[test]
fn durations_are_a_second_to_a_day() {
    for (text, seconds) in [
        ("1s", 1.0),
        ("1.5s", 1.5),
        ("60s", 60.0),
        ("5m", 300.0),
        ("1h 30m", 5_400.0),
        ("90 minutes", 5_400.0),
        ("24h", 86_400.0),
    ] {
        assert_eq!(
            parse_duration(text),
            Ok(Duration::from_secs_f64(seconds)),
            "{text}"
        );
    }
    for text in [
        "",
        "0s",
        "999ms",
        "-5s",
        "5m ago",
        "60",
        "s",
        "1x",
        "1y",
        "24h 1ns",
        "2562047788015215h",
        "99999999999999999999s",
        "never",
    ] {
        let problem = parse_duration(text).unwrap_err();
        let message = format!("\"{text}\" is not a duration of a second to a day");
        assert_eq!(problem.message, message);
    }
}

#[test]
fn prefixes_lose_their_host_bits_and_say_so() {
    for (text, expected, masked) in [
        ("192.0.2.10", "192.0.2.10/32", false),
        ("192.0.2.0/24", "192.0.2.0/24", false),
        ("192.0.2.10/24", "192.0.2.0/24", true),
        ("0.0.0.0/0", "0.0.0.0/0", false),
        ("255.255.255.255/0", "0.0.0.0/0", true),
        ("2001:db8::1", "2001:db8::1/128", false),
        ("2001:db8::/32", "2001:db8::/32", false),
        ("2001:db8::1/127", "2001:db8::/127", true),
        ("::/0", "::/0", false),
    ] {
        assert_eq!(
            values::prefix(text),
            Ok((expected.parse().unwrap(), masked)),
            "{text}"
        );
    }
}

/// A rule whose every key differs from every default.
const EGRESS: &str = r#"
mode = "enforce"
[[list]]
name = "a"
source = "a"
[[list]]
name = "b"
source = "b"
[egress]
tcp = [1]
udp = [2]
sctp = [3]
icmp = false
protocols = ["gre"]
lan = true
on_deny = "reject"
lists = ["a"]
lockdown = true
"#;

fn rules(client: &str) -> (RuleSpec, RuleSpec) {
    let mut config = config(&format!(
        "{EGRESS}[[client]]\nmatch = [\"100.64.0.9\"]\n{client}\n"
    ));
    (config.egress, config.clients.remove(0).rule)
}

#[test]
fn a_client_that_says_nothing_has_the_rule_of_egress() {
    let (egress, client) = rules("");
    assert_eq!(client, egress);
}

#[test]
fn a_key_of_a_client_replaces_that_of_egress_and_no_other() {
    let (any, none) = (PortSet::any(), PortSet::none());
    let ports: PortSet = [7..=9].into_iter().collect();
    let (all, no_protocol) = (Protocols::ANY, Protocols::default());
    let mut esp = Protocols::default();
    esp.add(50);
    type Change<'a> = &'a dyn Fn(&mut RuleSpec);
    let cases: [(&str, Change<'_>); 15] = [
        ("tcp = [\"7-9\"]", &|rule| rule.tcp = ports.clone()),
        ("tcp = []", &|rule| rule.tcp = none.clone()),
        ("udp = [\"7-9\"]", &|rule| rule.udp = ports.clone()),
        ("udp = \"any\"", &|rule| rule.udp = any.clone()),
        ("sctp = [\"7-9\"]", &|rule| rule.sctp = ports.clone()),
        ("icmp = true", &|rule| rule.icmp = true),
        ("protocols = [\"esp\"]", &|rule| rule.protocols = esp),
        ("protocols = []", &|rule| rule.protocols = no_protocol),
        ("protocols = \"any\"", &|rule| rule.protocols = all),
        ("lan = false", &|rule| rule.lan = false),
        ("on_deny = \"drop\"", &|rule| rule.on_deny = OnDeny::Drop),
        ("lists = [\"b\"]", &|rule| rule.lists = 0b10),
        ("lists = [\"b\", \"a\", \"b\"]", &|rule| rule.lists = 0b11),
        ("lists = []", &|rule| rule.lists = 0),
        ("lockdown = false", &|rule| rule.lockdown = false),
    ];
    for (key, change) in cases {
        let (egress, client) = rules(key);
        let mut expected = egress.clone();
        change(&mut expected);
        assert_ne!(expected, egress, "{key}");
        assert_eq!(client, expected, "{key}");
    }
}

#[test]
fn the_host_takes_nothing_from_egress_and_allows_everything_by_default() {
    let host = config(EGRESS).host;
    assert_eq!(host, config("[egress]\ntcp = []\nudp = []").host);
    assert!(host.tcp.is_any() && host.udp.is_any() && host.sctp.is_any() && host.icmp);
    assert_eq!(host.protocols, Protocols::ANY);
    assert!(!host.lockdown);
}

#[test]
fn lists_are_found_in_the_folder_of_the_file() {
    let text = format!("{EGRESS}[[list]]\nname = \"c\"\nsource = \"/srv/c\"\n");
    let sources = |path: &str| -> Vec<Source> {
        let checked = parse(&SourceFile::new(path, text.as_str())).unwrap();
        checked
            .config
            .lists
            .into_iter()
            .map(|list| list.source)
            .collect()
    };
    for (path, expected) in [
        (
            "/etc/exitguard/exitguard.toml",
            ["/etc/exitguard/a", "/etc/exitguard/b", "/srv/c"],
        ),
        ("conf/x.toml", ["conf/a", "conf/b", "/srv/c"]),
        ("x.toml", ["a", "b", "/srv/c"]),
    ] {
        assert_eq!(
            sources(path),
            expected.map(|path| Source::File(path.into()))
        );
    }
}
