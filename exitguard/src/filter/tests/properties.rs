//! Whatever is typed.

use super::*;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<std::net::IpAddr>().prop_map(|addr| addr.to_string()),
        (any::<std::net::Ipv4Addr>(), 0u8..=33)
            .prop_map(|(addr, length)| format!("{addr}/{length}")),
        (any::<std::net::Ipv6Addr>(), 0u8..=129)
            .prop_map(|(addr, length)| format!("{addr}/{length}")),
        (0u32..70_000, 0u32..70_000).prop_map(|(first, last)| format!("{first}-{last}")),
        (0u32..70_000).prop_map(|number| number.to_string()),
        "[a-z_-]{0,6}",
        r#""[^"\\]{0,6}""#,
        r#""([a-z ,]|\\\\|\\"){0,6}""#,
        Just("tcp".to_owned()),
        Just("blocklist".to_owned()),
        Just("established".to_owned()),
        Just("deny".to_owned()),
        Just("would-deny".to_owned()),
    ]
}

fn term() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just(""),
        Just("client:"),
        Just("dst:"),
        Just("port:"),
        Just("proto:"),
        Just("reason:"),
        Just("list:"),
        Just("rule:"),
        Just("state:"),
    ];
    let sign = prop_oneof![Just(""), Just("!"), Just("-")];
    (sign, key, prop::collection::vec(value(), 1..3))
        .prop_map(|(sign, key, values)| format!("{sign}{key}{}", values.join(",")))
}

proptest! {
    #[test]
    fn what_is_written_out_means_the_same(terms in prop::collection::vec(term(), 0..4)) {
        // Most made-up terms mean nothing: those that do are what this is about.
        let meant: Vec<_> = terms.iter().filter(|term| Filter::parse(term).is_ok()).collect();
        let text: Vec<_> = meant.iter().map(|term| term.as_str()).collect();
        let filter = Filter::parse(&text.join("  ")).unwrap();
        let written = filter.to_string();
        prop_assert_eq!(&Filter::parse(&written), &Ok(filter), "{}", written);
    }

    #[test]
    fn a_term_and_its_negation_never_agree(term in term()) {
        let term = term.trim_start_matches(['!', '-']);
        if let Ok(filter) = Filter::parse(term) && !filter.is_empty() {
            let negated = Filter::parse(&format!("!{term}")).unwrap();
            prop_assert_ne!(filter.matches(&flow()), negated.matches(&flow()));
        }
    }

    #[test]
    fn whatever_is_typed_is_read_or_pointed_at(text in "(\\PC|[ ,:\"!a-e0-9/.\t\n\u{1b}-]){0,30}") {
        if let Err(error) = Filter::parse(&text) {
            let span = error.span();
            prop_assert!(text.get(span.clone()).is_some(), "{span:?}");
            prop_assert!(!error.message().is_empty() && !error.hint().is_empty());
            let rendered = error.render();
            let lines: Vec<_> = rendered.split('\n').collect();
            prop_assert_eq!(lines.len(), 4);
            let is_clean = !rendered.contains(['\u{1b}', '\t']);
            prop_assert!(is_clean, "{rendered:?}");
            prop_assert!(lines[2].trim_start().starts_with('^'));
        }
    }
}
