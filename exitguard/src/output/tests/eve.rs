//! The promise to programs that read Suricata's EVE format: taken without its `exitguard` object, every
//! event holds only fields of that format, with their types there.

use super::Samples;
use crate::output::Format;
use serde_json::{Map, Value};

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Flag,
    Address,
    Time,
}

use Kind::{Address, Flag, Number, Text, Time};

const EVENT: [(&str, Kind); 13] = [
    ("timestamp", Time),
    ("event_type", Text),
    ("flow_id", Number),
    ("community_id", Text),
    ("in_iface", Text),
    ("src_ip", Address),
    ("src_port", Number),
    ("dest_ip", Address),
    ("dest_port", Number),
    ("proto", Text),
    ("ip_v", Number),
    ("icmp_type", Number),
    ("icmp_code", Number),
];
const FLOW: [(&str, Kind); 9] = [
    ("pkts_toserver", Number),
    ("pkts_toclient", Number),
    ("bytes_toserver", Number),
    ("bytes_toclient", Number),
    ("start", Time),
    ("end", Time),
    ("age", Number),
    ("state", Text),
    ("reason", Text),
];
const VERDICT: [(&str, Kind); 1] = [("action", Text)];
const DROP: [(&str, Kind); 8] = [
    ("len", Number),
    ("reason", Text),
    ("syn", Flag),
    ("ack", Flag),
    ("psh", Flag),
    ("rst", Flag),
    ("urg", Flag),
    ("fin", Flag),
];
const STATS: [(&str, Kind); 1] = [("uptime", Number)];

fn is(kind: Kind, value: &Value) -> bool {
    let text = value.as_str();
    match kind {
        Text => text.is_some_and(|text| !text.is_empty()),
        // Numbers that every reader of JSON keeps exactly.
        Number => value.as_u64().is_some_and(|number| number < 1 << 53),
        Flag => value.is_boolean(),
        Address => text.is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok()),
        // 2026-01-02T03:04:05.123456+0000
        Time => text.is_some_and(|text| text.len() == 31 && text.ends_with("+0000")),
    }
}

fn check(object: &Map<String, Value>, fields: &[(&str, Kind)], groups: &[&str]) {
    for (name, value) in object {
        if groups.contains(&name.as_str()) {
            continue;
        }
        let field = fields.iter().find(|(known, _)| known == name);
        let (_, kind) = field.unwrap_or_else(|| panic!("EVE knows no field {name}"));
        assert!(is(*kind, value), "{name} is {value}");
    }
}

#[test]
fn outside_of_its_own_object_an_event_is_eve() {
    for (what, report) in Samples::new().all() {
        let event: Value = serde_json::from_str(&Format::Json.render(&report)).unwrap();
        let event = event.as_object().unwrap();
        let groups = ["flow", "verdict", "drop", "stats", "exitguard"];
        check(event, &EVENT, &groups);
        for (group, fields) in [
            ("flow", &FLOW[..]),
            ("verdict", &VERDICT),
            ("drop", &DROP),
            ("stats", &STATS),
        ] {
            if let Some(object) = event.get(group) {
                check(object.as_object().unwrap(), fields, &[]);
            }
        }
        for required in ["timestamp", "event_type", "in_iface", "exitguard"] {
            assert!(event.contains_key(required), "{what} has no {required}");
        }
        assert_eq!(event["exitguard"]["v"], 1, "{what}");
    }
}

#[test]
fn a_flow_has_the_same_id_in_all_of_its_events() {
    let samples = Samples::new();
    let ids: Vec<_> = samples
        .all()
        .into_iter()
        .map(|(_, report)| serde_json::from_str::<Value>(&Format::Json.render(&report)).unwrap())
        .map(|event| {
            (
                event["src_port"].clone(),
                event["flow"]["start"].clone(),
                event["flow_id"].clone(),
            )
        })
        .collect();
    // The second and the third sample are of one flow; the first is of another with the same five-tuple.
    assert_eq!(ids[1], ids[2]);
    assert_ne!(ids[0].2, ids[1].2);
    assert!(ids[0].2.as_u64().unwrap() < 1 << 51);
}
