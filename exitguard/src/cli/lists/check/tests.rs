//! What people and programs read about a file.

use super::*;
use std::path::Path;

fn answer(text: &str) -> Answer {
    permitted(text, &Permits::default())
}

fn permitted(text: &str, permits: &Permits) -> Answer {
    let parsed = lists::parse_bytes(Path::new("list.txt"), text.as_bytes(), None);
    let file = "list.txt".to_owned();
    Answer::new(file, parsed, permits, &Network::default())
}

const MIXED: &str = "\
# Things to look at\n192.0.2.0/24\n198.51.100.7\n198.51.100.7\n16.0.0.0/6\n10.1.2.3/8\n2001:db8::/48\n2600::1\n";

#[test]
fn a_list_is_told_with_what_it_would_block() {
    insta::assert_snapshot!(answer(MIXED).text().unwrap());
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer(MIXED)).unwrap());
}

#[test]
fn a_list_with_wrong_lines_is_not_taken_and_they_are_shown() {
    let text = "192.0.2.1\nexample.com\n  192.0.2.300\n";
    let answer = answer(text);
    assert!(!answer.taken);
    insta::assert_snapshot!(answer.text().unwrap());
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).unwrap());
}

#[test]
fn names_and_exceptions_are_counted() {
    let text = "||ads.example.com^\n@@||ok.ads.example.com^\n||192.0.2.7^\n@@||198.51.100.7^\n||x.example.com^$popup\n";
    insta::assert_snapshot!(answer(text).text().unwrap());
}

#[test]
fn a_page_in_the_place_of_a_list_is_refused_with_what_to_do() {
    let answer = answer("<!DOCTYPE html>\n<title>Log in</title>\n");
    insta::assert_snapshot!(answer.text().unwrap());
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).unwrap());
}

#[test]
fn what_the_configuration_permits_is_permitted_here() {
    let limits = Limits::default();
    let permits = |limits| Permits {
        limits,
        allow_empty: false,
    };
    let wide = "16.0.0.0/6\n10.1.2.3\n";
    let kept = |permits: &Permits| {
        let content = permitted(wide, permits).content.unwrap();
        (content.blocks.v4_addresses, content.too_short.len())
    };
    let six = 1 << 26;
    assert_eq!(kept(&permits(limits)), (0, 1));
    let wide_ones = Limits {
        wide: true,
        ..limits
    };
    assert_eq!(kept(&permits(wide_ones)), (six, 0));
    let all = Limits {
        bogons: true,
        ..wide_ones
    };
    assert_eq!(kept(&permits(all)), (six + 1, 0));

    let broad = "16.0.0.0/4\n";
    let is_taken = |limits| permitted(broad, &permits(limits)).taken;
    assert!(!is_taken(wide_ones));
    let country = Limits {
        max_coverage: 7,
        ..wide_ones
    };
    assert!(is_taken(country));

    assert!(!answer("").taken);
    let empty = Permits {
        allow_empty: true,
        ..Permits::default()
    };
    let taken = permitted("", &empty).text().unwrap();
    assert!(taken.contains("taken\nblocks      no address\n"), "{taken}");
}
