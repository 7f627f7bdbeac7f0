//! Whatever is in the file: an answer, and every error with a place and a hint.

use super::*;
use proptest::prelude::*;

/// Reads a text, and checks what is said about it.
fn read(text: &str) -> Result<(), TestCaseError> {
    let said = match parse_text(text) {
        Ok(checked) => checked.warnings,
        Err(error) => {
            let said = diagnostics(error);
            prop_assert!(!said.is_empty());
            said
        }
    };
    let lines: Vec<_> = text.split('\n').collect();
    let mut last = (1, 1);
    for diagnostic in said {
        let (line, column) = diagnostic.position();
        prop_assert!((line, column) >= last, "{diagnostic}");
        last = (line, column);
        prop_assert!(
            column <= lines[line - 1].chars().count() + 1,
            "{diagnostic}"
        );
        prop_assert!(diagnostic.has_hint(), "{diagnostic}");
        prop_assert!(!diagnostic.message().is_empty());
        prop_assert!(!diagnostic.render(true).is_empty());
    }
    Ok(())
}

const KEYS: [&str; 37] = [
    "mode",
    "interface",
    "attach",
    "egress",
    "host",
    "client",
    "list",
    "allow",
    "events",
    "limits",
    "control",
    "fail",
    "on_exit",
    "socket",
    "audit",
    "changes",
    "metrics",
    "listen",
    "tcp",
    "udp",
    "sctp",
    "icmp",
    "protocols",
    "lan",
    "on_deny",
    "lists",
    "lockdown",
    "match",
    "name",
    "source",
    "action",
    "destinations",
    "update",
    "stats",
    "file",
    "flows",
    "other",
];

const HEADERS: [&str; 11] = [
    "",
    "[egress]",
    "[host]",
    "[[client]]",
    "[[list]]",
    "[allow]",
    "[events]",
    "[limits]",
    "[control]",
    "[metrics]",
    "[egress.tcp]",
];

const SCALARS: [&str; 33] = [
    "true",
    "false",
    "0",
    "1",
    "443",
    "65535",
    "65536",
    "-1",
    "99999999999999999999",
    "0xff",
    "1.5",
    "inf",
    "2026-01-02",
    "\"\"",
    "\"any\"",
    "\"80-90\"",
    "\"90-80\"",
    "\"a-b\"",
    "\"100.64.0.9\"",
    "\"100.64.0.9/24\"",
    "\"fd7a:115c:a1e0::9\"",
    "\"10.0.0.0/33\"",
    "\"gre\"",
    "\"tcp\"",
    "\"observe\"",
    "\"reject\"",
    "\"5m\"",
    "\"127.0.0.1:9469\"",
    "\"0.0.0.0:0\"",
    "\"unix:\"",
    "\"0s\"",
    "\"a\"",
    "\"\\u001b[31m\\u202e\"",
];

fn value() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(SCALARS.as_slice()).prop_map(str::to_owned);
    let several = prop::collection::vec(scalar.clone(), 0..4);
    prop_oneof![
        3 => scalar,
        3 => several.clone().prop_map(|items| format!("[{}]", items.join(", "))),
        1 => several.prop_map(|items| format!("[[{}], {{ tcp = 1 }}]", items.join(", "))),
    ]
}

/// TOML with the right words in any places.
fn plausible() -> impl Strategy<Value = String> {
    let line = (prop::sample::select(KEYS.as_slice()), value());
    let lines = prop::collection::btree_map(prop::sample::select(KEYS.as_slice()), value(), 0..8);
    let section = (prop::sample::select(HEADERS.as_slice()), lines);
    let sections = prop::collection::vec(section, 0..6);
    (prop::collection::vec(line, 0..2), sections).prop_map(|(top, sections)| {
        let mut text = String::new();
        for (key, value) in top {
            text += &format!("{key} = {value}\n");
        }
        for (header, lines) in sections {
            text += &format!("{header}\n");
            for (key, value) in lines {
                text += &format!("{key} = {value}\n");
            }
        }
        text
    })
}

/// A right text with a few wounds.
fn mutated() -> impl Strategy<Value = String> {
    let wound = (
        any::<prop::sample::Index>(),
        0usize..12,
        "(\\PC|[\\n\"'\\[\\]=,.#{}]){0,4}",
    );
    prop::collection::vec(wound, 1..5).prop_map(|wounds| {
        let mut text: Vec<char> = EXAMPLE.chars().collect();
        for (at, length, replacement) in wounds {
            let at = at.index(text.len() + 1);
            let end = text.len().min(at + length);
            text.splice(at..end, replacement.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(text in "(\\PC|[\\n\\t])*") {
        read(&text)?;
    }

    #[test]
    fn the_right_words_in_wrong_places_get_an_answer(text in plausible()) {
        read(&text)?;
    }

    #[test]
    fn a_wounded_example_gets_an_answer(text in mutated()) {
        read(&text)?;
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let whole = bytes.len();
        match syntax::decode(Path::new("x.toml"), bytes) {
            Ok(file) => prop_assert_eq!(file.text().len(), whole),
            Err(diagnostic) => prop_assert!(diagnostic.render(false).contains("UTF-8")),
        }
    }
}
