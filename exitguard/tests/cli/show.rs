//! `exitguard lists show`: is it on the list, where, and what comes of it.

use crate::{Folder, MINIMAL, Said};

const FEED: &str = "\
# bad ones\n198.51.100.0/24\n198.51.0.0/16\n198.51.100.7\n64.0.0.0/6\n10.0.0.0/8\n192.200.0.0/16\n198.51.100.7\n2001:db8::/48\n";

fn feed(text: &str, keys: &str) -> (Folder, String) {
    let folder = Folder::new();
    folder.write("feed.txt", text);
    let list = format!("{MINIMAL}[[list]]\nname = \"feed\"\nsource = \"feed.txt\"\n{keys}");
    (folder, list)
}

fn show(text: &str, keys: &str, target: &str) -> Said {
    let (folder, config) = feed(text, keys);
    folder.run(&config, &["lists", "show", "feed", target])
}

fn json(text: &str, keys: &str, target: &str) -> serde_json::Value {
    let (folder, config) = feed(text, keys);
    let said = folder.run(&config, &["lists", "show", "feed", target, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let code = if json["holds"] == true { 0 } else { 1 };
    assert_eq!(said.code, Some(code), "{target}");
    json
}

#[test]
fn an_address_on_a_list_is_shown_with_its_entries_and_what_comes_of_it() {
    let said = show(FEED, "", "198.51.100.7");
    assert_eq!(said.code, Some(0));
    insta::assert_snapshot!(said.stdout);
    let json = json(FEED, "", "198.51.100.7");
    assert_eq!(
        (&json["blocks"], &json["left_out"]),
        (&true.into(), &serde_json::json!([]))
    );
    // A person looks for the line that says it first.
    let lines: Vec<_> = json["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["line"])
        .collect();
    assert_eq!(lines, [4, 2, 3]);
    assert_eq!(json["policy"]["decision"], "deny");
    assert_eq!(json["policy"]["entry"], "198.51.100.7/32");
}

#[test]
fn an_address_that_is_not_on_a_list_is_a_negative_answer() {
    let said = show(FEED, "", "203.0.113.7");
    assert_eq!(said.code, Some(1));
    let told = "203.0.113.7 is not on the list \"feed\"\n  source     feed.txt\n  policy     allow, because of port; action pass\n";
    assert_eq!(said.stdout, told);
    assert_eq!(json(FEED, "", "2001:db8:1::1")["holds"], false);
    assert_eq!(json(FEED, "", "2001:db8::1")["holds"], true);
}

#[test]
fn what_leaves_an_address_out_is_said() {
    for (target, why) in [
        ("65.1.2.3", "64.0.0.0/6 is shorter than /8, or /16 of IPv6"),
        ("10.1.2.3", "10.0.0.0/8 is special-purpose: private"),
        (
            "192.200.0.7",
            "192.200.0.0/24 is never blocked: Tailscale's control servers",
        ),
    ] {
        let json = json(FEED, "", target);
        assert_eq!(
            (&json["holds"], &json["blocks"]),
            (&true.into(), &false.into()),
            "{target}"
        );
        assert_eq!(json["left_out"], serde_json::json!([why]));
        assert_ne!(json["policy"]["reason"], "blocklist", "{target}");
    }
    // The rest of the same entry is blocked.
    assert_eq!(
        json(FEED, "", "192.200.1.7")["policy"]["reason"],
        "blocklist"
    );
    // The keys of the list are respected.
    let json_of = |target| json(FEED, "wide = true\nbogons = true\n", target);
    for target in ["65.1.2.3", "10.1.2.3"] {
        assert_eq!(
            json_of(target)["left_out"],
            serde_json::json!([]),
            "{target}"
        );
        assert_eq!(json_of(target)["blocks"], true, "{target}");
    }
}

#[test]
fn exceptions_of_a_list_and_of_the_configuration_are_told_apart() {
    let zone = "||198.51.100.7^\n@@||198.51.100.7^\n||198.51.100.8^\n";
    let own = json(zone, "", "198.51.100.7");
    assert_eq!(
        (&own["holds"], &own["blocks"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        own["exceptions"][0],
        serde_json::json!({"entry": "198.51.100.7/32", "line": 2})
    );
    let allowed = json(
        zone,
        "[allow]\ndestinations = [\"198.51.100.8\"]\n",
        "198.51.100.8",
    );
    assert_eq!(allowed["blocks"], true);
    assert_eq!(allowed["policy"]["decision"], "allow");
}

#[test]
fn names_are_found_by_name_and_by_the_names_above_them() {
    let names = "*.bad.example\nworse.example\n# more\n.ads.example\n";
    let keys = "format = \"wildcard\"\n";
    let said = show(names, keys, "Deep.Bad.Example.");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let told = "deep.bad.example is on the list \"feed\"\n  source     feed.txt\n  entry      bad.example and all below it (line 1)\n  policy     names are not enforced yet\n";
    assert_eq!(said.stdout, told);
    for (name, line) in [
        ("bad.example", 1),
        ("worse.example", 2),
        ("a.b.ads.example", 4),
    ] {
        let json = json(names, keys, name);
        assert_eq!(json["entries"][0]["line"], line, "{name}");
        assert_eq!(
            (&json["blocks"], &json["policy"]),
            (&false.into(), &serde_json::Value::Null)
        );
    }
    for name in ["example", "notbad.example", "good.example"] {
        let code = show(names, keys, name).code;
        assert_eq!(code, Some(if name.contains('.') { 1 } else { 2 }), "{name}");
    }
}

#[test]
fn what_is_neither_is_a_mistake() {
    for target in ["198.51.100.0/24", "198.51.100", "localhost", "a b", ""] {
        let said = show(FEED, "", target);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{target}");
        assert!(
            said.stderr.contains("no address and no domain name"),
            "{}",
            said.stderr
        );
    }
    let (folder, config) = feed(FEED, "");
    let said = folder.run(&config, &["lists", "show", "other", "198.51.100.7"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    let why = "exitguard: there is no list \"other\"\n";
    assert!(said.stderr.ends_with(why), "{}", said.stderr);
}
