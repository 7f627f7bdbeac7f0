//! The text.

use super::sample;
use crate::control::Status;
use crate::metrics::encoder::Encoder;
use crate::metrics::text;
use std::collections::BTreeSet;

#[test]
fn a_status_as_metrics() {
    insta::assert_snapshot!("metrics", text(&sample()));
}

/// The names that begin a family, each once, and the samples below it.
fn families(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut families: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            families.push((rest.split(' ').next().unwrap(), Vec::new()));
        } else if !line.starts_with('#') {
            families.last_mut().unwrap().1.push(line);
        }
    }
    families
}

#[test]
fn every_family_is_there_once_and_has_only_samples_of_its_own() {
    let text = text(&sample());
    let families = families(&text);
    let names: BTreeSet<_> = families.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), families.len());
    for (name, samples) in families {
        assert!(name.starts_with("exitguard_"), "{name}");
        assert!(!samples.is_empty(), "{name}");
        let mut series = BTreeSet::new();
        for sample in samples {
            let (key, value) = sample.rsplit_once(' ').unwrap();
            assert_eq!(key.split('{').next(), Some(name));
            assert!(series.insert(key), "{key} is there twice");
            assert!(value.parse::<f64>().unwrap().is_finite(), "{sample}");
        }
    }
}

#[test]
fn what_only_grows_is_named_total_and_nothing_else_is() {
    for line in text(&sample()).lines() {
        let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        else {
            continue;
        };
        assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
    }
}

/// A rate over what was not there before cannot be computed.
#[test]
fn series_are_there_before_the_first_packet_of_their_kind() {
    let idle = Status {
        denied_pkts: Default::default(),
        would_deny_pkts: Default::default(),
        ..sample()
    };
    let series = |status: &Status| -> Vec<String> {
        let text = text(status);
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples
            .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
            .collect()
    };
    assert_eq!(series(&idle), series(&sample()));
    assert!(series(&idle).contains(&"exitguard_denied_packets_total{reason=\"port\"}".to_owned()));
}

#[test]
fn exactly_one_state_is() {
    for (protection, name) in crate::control::Protection::ALL.map(|it| (it, it.name())) {
        let status = Status {
            protection,
            ..sample()
        };
        let text = text(&status);
        let set: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("exitguard_protection{") && line.ends_with(" 1"))
            .collect();
        assert_eq!(set, [format!("exitguard_protection{{state=\"{name}\"}} 1")]);
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let waiting = Status {
        policy_since: None,
        attached_by: None,
        lists: Vec::new(),
        ..sample()
    };
    let text = text(&waiting);
    assert!(!text.contains("exitguard_policy_start_time_seconds"));
    assert!(text.contains("attached_by=\"\""));
    assert!(!text.contains("list=\""));
}

#[test]
fn whatever_is_in_a_label_stays_in_its_quotes() {
    for (value, written) in [
        ("", r#"a{b=""} 1"#),
        ("plain ümlaut", r#"a{b="plain ümlaut"} 1"#),
        ("\"", r#"a{b="\""} 1"#),
        ("\\", r#"a{b="\\"} 1"#),
        ("\n", r#"a{b="\n"} 1"#),
        ("\\n", r#"a{b="\\n"} 1"#),
        ("\"} 7\na{b=\"", r#"a{b="\"} 7\na{b=\""} 1"#),
    ] {
        let mut encoder = Encoder::default();
        encoder.gauge("a", "x").with(&[("b", value)], 1);
        let text = encoder.finish();
        assert_eq!(text.lines().last(), Some(written), "{value:?}");
        assert_eq!(text.lines().count(), 3, "{value:?}");
    }
}

#[test]
fn a_help_is_one_line() {
    let mut encoder = Encoder::default();
    encoder.counter("a_total", "one\ntwo \\ \"three\"").is(1);
    let expected = "# HELP a_total one\\ntwo \\\\ \"three\"\n# TYPE a_total counter\na_total 1\n";
    assert_eq!(encoder.finish(), expected);
}

#[test]
fn numbers_are_written_as_they_are() {
    let written = |value: &dyn std::fmt::Display| {
        let mut encoder = Encoder::default();
        encoder.gauge("a", "x").is(value);
        encoder.finish().lines().last().unwrap().to_owned()
    };
    assert_eq!(written(&u64::MAX), "a 18446744073709551615");
    assert_eq!(written(&0.25), "a 0.25");
    assert_eq!(written(&1e21), "a 1000000000000000000000");
    assert_eq!(written(&1_767_344_400.25), "a 1767344400.25");
}
