//! Looking for one address or name.

use super::super::*;
use std::path::Path;

/// What a list says about a target: each entry with its line, those of exceptions with a `!`.
fn mentions(text: &str, target: &str) -> Vec<String> {
    let target: Target = target.parse().unwrap();
    let parsed = parse_looking_for(Path::new("list.txt"), text.as_bytes(), None, Some(&target));
    let mut mentions = parsed.unwrap().mentions;
    search::sort(&mut mentions);
    let shown = mentions.iter().map(
        |Mention {
             entry,
             is_exception,
             line,
         }| { format!("{}{line} {entry}", if *is_exception { "!" } else { "" }) },
    );
    shown.collect()
}

#[test]
fn an_entry_is_found_on_its_line_in_every_kind_of_format() {
    for (text, expected) in [
        ("# one\r\n\r\n192.0.2.7\r\n", "3 192.0.2.7/32"),
        ("192.0.2.77/24\n", "1 192.0.2.0/24"),
        ("192.0.2.0-192.0.2.9\n", "1 192.0.2.0/29"),
        ("192.0.2.0/255.255.255.0 # all\n", "1 192.0.2.0/24"),
        (
            "[\n{\"ip_address\":\"192.0.2.7\",\"port\":443}\n]\n",
            "2 192.0.2.7/32",
        ),
        (
            "{\"cidr\":\"192.0.2.0\\/24\",\"sblid\":\"S\",\"rir\":\"r\"}\n{\"type\":\"metadata\",\"records\":1}\n",
            "1 192.0.2.0/24",
        ),
        (
            "create bad hash:net family inet\nadd bad 198.51.100.0/24\nadd bad 192.0.2.0/24\n",
            "3 192.0.2.0/24",
        ),
        (
            "Some:one:192.0.2.0-192.0.2.255\nOther:198.51.100.0-198.51.100.1\n",
            "1 192.0.2.0/24",
        ),
        (
            "add element inet t s {\n 198.51.100.1,\n 192.0.2.7\n}\n",
            "3 192.0.2.7/32",
        ),
        (
            "! Title: ads\n||ads.example.com^\n||192.0.2.7^\n",
            "3 192.0.2.7/32",
        ),
    ] {
        assert_eq!(mentions(text, "192.0.2.7"), [expected], "{text}");
        assert_eq!(mentions(text, "203.0.113.7"), [""; 0], "{text}");
    }
}

#[test]
fn entries_are_told_once_and_the_most_specific_first() {
    let text =
        "2001:db8::/32\n::ffff:192.0.2.7\n192.0.2.0/24\n2001:db8::1\n192.0.2.7\n192.0.2.0/24\n";
    assert_eq!(
        mentions(text, "192.0.2.7"),
        ["2 192.0.2.7/32", "3 192.0.2.0/24"]
    );
    // The same address, as IPv6 writes it.
    assert_eq!(
        mentions(text, "::ffff:192.0.2.7"),
        mentions(text, "192.0.2.7")
    );
    assert_eq!(
        mentions(text, "2001:db8::1"),
        ["4 2001:db8::1/128", "1 2001:db8::/32"]
    );
}

#[test]
fn an_exception_is_told_as_one() {
    let text =
        "create bad hash:net family inet\nadd bad 192.0.2.0/24\nadd bad 192.0.2.128/25 nomatch\n";
    assert_eq!(
        mentions(text, "192.0.2.200"),
        ["!3 192.0.2.128/25", "2 192.0.2.0/24"]
    );
    assert_eq!(mentions(text, "192.0.2.7"), ["2 192.0.2.0/24"]);
}

#[test]
fn a_name_is_meant_by_itself_and_by_entries_for_all_below() {
    let text = "||ads.example.com^\n@@||ok.ads.example.com^\n||example.org^\n";
    assert_eq!(
        mentions(text, "x.ok.ads.example.com"),
        [
            "!2 ok.ads.example.com and all below it",
            "1 ads.example.com and all below it"
        ]
    );
    assert_eq!(mentions(text, "myads.example.com"), [""; 0]);
    let exact = "0.0.0.0 ADS.example.com\n";
    assert_eq!(mentions(exact, "ads.Example.com."), ["1 ads.example.com"]);
    assert_eq!(mentions(exact, "x.ads.example.com"), [""; 0]);
    let below = "$TTL 60\n@ SOA localhost. root.localhost. 1 2 3 4 5\n*.ads.example.com CNAME .\n";
    assert_eq!(
        mentions(below, "x.ads.example.com"),
        ["3 all below ads.example.com"]
    );
    assert_eq!(mentions(below, "ads.example.com"), [""; 0]);
}
