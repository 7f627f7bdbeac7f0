//! What people and programs read about a file.

use super::*;
use std::path::Path;

fn answer(text: &str) -> Answer {
    let parsed = lists::parse_bytes(Path::new("list.txt"), text.as_bytes(), None);
    Answer::new("list.txt".to_owned(), parsed, &Network::default())
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
