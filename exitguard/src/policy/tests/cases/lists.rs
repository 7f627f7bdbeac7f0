//! Blocklists: which of them applies, and what is said of a hit.

use super::*;

#[test]
fn a_hit_is_put_down_to_the_first_list_that_applies_and_its_most_specific_entry() {
    let lists = vec![
        list(
            "wide",
            ListAction::Observe,
            &["203.0.112.0/22", "0.0.0.0/0", "2001:db8::7"],
        ),
        list(
            "deny",
            ListAction::Deny,
            &[
                "203.0.113.0/24",
                "203.0.113.0/28",
                "203.0.113.7",
                "2001:db8::/32",
            ],
        ),
        list(
            "more",
            ListAction::Deny,
            &["203.0.113.7", "203.0.113.16", "203.0.112.0/22"],
        ),
    ];
    for (applying, addr, expected) in [
        // Which of its entries.
        (0b010, "203.0.113.7", Some(("deny", "203.0.113.7/32"))),
        (0b010, "203.0.113.8", Some(("deny", "203.0.113.0/28"))),
        (0b010, "203.0.113.16", Some(("deny", "203.0.113.0/24"))),
        (0b001, "203.0.113.16", Some(("wide", "203.0.112.0/22"))),
        (0b001, "192.0.2.1", Some(("wide", "0.0.0.0/0"))),
        (0b111, "2001:db8::7", Some(("deny", "2001:db8::/32"))),
        (0b001, "2001:db8::7", Some(("wide", "2001:db8::7/128"))),
        (0b001, "2001:db8::8", None),
        // Which list: the first one, even when a later one is more specific; those that deny before those
        // that only observe.
        (0b110, "203.0.113.16", Some(("deny", "203.0.113.0/24"))),
        (0b111, "203.0.113.16", Some(("deny", "203.0.113.0/24"))),
        (0b101, "203.0.113.16", Some(("more", "203.0.113.16/32"))),
        (0b111, "203.0.112.1", Some(("more", "203.0.112.0/22"))),
        (0b011, "203.0.112.1", Some(("wide", "203.0.112.0/22"))),
        (0b000, "203.0.113.7", None),
        (!0b111, "203.0.113.7", None),
    ] {
        let egress = RuleSpec {
            lists: applying,
            ..everything()
        };
        let (_, labels) = compiled(&enforcing(everything(), egress), lists.clone(), &[], &[]);
        let hit = labels.list_hit(RuleId::EGRESS, addr.parse().unwrap());
        let expected = expected.map(|(list, entry)| ListHit {
            list,
            entry: entry.parse().unwrap(),
        });
        assert_eq!(hit, expected, "{applying:b} {addr}");
        // No list applies to the traffic of [host], and none to a rule that is not there.
        assert_eq!(labels.list_hit(RuleId::HOST, addr.parse().unwrap()), None);
        assert_eq!(labels.list_hit(RuleId(2), addr.parse().unwrap()), None);
    }
}

#[test]
fn sixty_four_lists_are_told_apart() {
    let lists: Vec<_> = (0..64)
        .map(|n| {
            list(
                &format!("list {n}"),
                ListAction::Deny,
                &["203.0.113.0/24", &format!("198.51.100.{n}")],
            )
        })
        .collect();
    for bit in [0, 1, 31, 32, 62, 63] {
        let egress = RuleSpec {
            lists: 1 << bit,
            ..everything()
        };
        let (compiled, labels) =
            compiled(&enforcing(everything(), egress), lists.clone(), &[], &[]);
        for n in 0..64 {
            let expected = if n == bit { LISTED } else { ALLOWED };
            assert_eq!(
                https(&compiled, &format!("198.51.100.{n}")),
                expected,
                "{n}"
            );
        }
        assert_eq!(https(&compiled, "203.0.113.1"), LISTED);
        let hit = labels
            .list_hit(RuleId::EGRESS, "203.0.113.1".parse().unwrap())
            .unwrap();
        assert_eq!(hit.list, format!("list {bit}"));
    }
}

#[test]
fn only_the_lists_that_observe_are_marked_so() {
    let lists = vec![
        list("a", ListAction::Observe, &["198.51.100.1"]),
        list("b", ListAction::Deny, &["198.51.100.2", "198.51.100.3"]),
        list("c", ListAction::Observe, &["198.51.100.3"]),
    ];
    let egress = RuleSpec {
        lists: 0b111,
        ..everything()
    };
    let (compiled, _) = compiled(&enforcing(everything(), egress), lists, &[], &[]);
    assert_eq!(compiled.settings.observe_lists, 0b101);
    assert_eq!(
        https(&compiled, "198.51.100.1"),
        (Verdict::WouldDeny, Reason::Blocklist)
    );
    assert_eq!(https(&compiled, "198.51.100.2"), LISTED);
    assert_eq!(https(&compiled, "198.51.100.3"), LISTED);
}

/// Sixteen lists, whose overlaps make as many classes as there are numbers.
fn sixteen_lists() -> Vec<LoadedList> {
    (0..16)
        .map(|bit| LoadedList {
            name: format!("list {bit}"),
            action: ListAction::Deny,
            left_out: Entries::default(),
            names: 0,
            entries: (0..=u16::MAX)
                .filter(|address| address >> bit & 1 != 0)
                .map(|address| {
                    IpNet::from(IpAddr::from(Ipv4Addr::from_bits(
                        0x0b00_0000 | u32::from(address),
                    )))
                })
                .collect(),
        })
        .collect()
}

#[test]
fn lists_that_overlap_in_too_many_ways_are_an_error() {
    let config = enforcing(everything(), everything());
    let network = Network::default();
    let error = compile(&config, sixteen_lists(), &network).unwrap_err();
    assert!(matches!(error, CompileError::Classes), "{error}");
}
