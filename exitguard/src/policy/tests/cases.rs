//! One case a sentence.

use super::*;
use exitguard_common::abi::{
    AddressClass, ClassFlags, PORT_LINES_PER_SET, PortSetId, Reason, RuleId, Verdict,
};
use exitguard_common::policy::Tables;
use std::net::Ipv4Addr;

const CLIENT_V4: &str = "100.64.0.9";
const CLIENT_V6: &str = "fd7a:115c:a1e0::9";

fn compiled(
    config: &Config,
    lists: Vec<LoadedList>,
    addresses: &[&str],
    on_link: &[&str],
) -> (Compiled, Labels) {
    let network = Network {
        addresses: addresses.iter().map(|addr| addr.parse().unwrap()).collect(),
        on_link: nets(on_link),
    };
    compile(config, lists, &network).unwrap()
}

/// What becomes of TCP to port 443 of an address.
fn https(compiled: &Compiled, remote: &str) -> (Verdict, Reason) {
    let client = if remote.contains(':') {
        CLIENT_V6
    } else {
        CLIENT_V4
    };
    let decision = Probe::new(client, remote, Transport::Tcp, 443).ask(compiled);
    (decision.verdict, decision.reason)
}

const ALLOWED: (Verdict, Reason) = (Verdict::Allow, Reason::Port);
const HOST: (Verdict, Reason) = (Verdict::Allow, Reason::Host);
const LAN: (Verdict, Reason) = (Verdict::Deny, Reason::Lan);
const LISTED: (Verdict, Reason) = (Verdict::Deny, Reason::Blocklist);

fn guarded() -> RuleSpec {
    RuleSpec {
        lan: false,
        ..everything()
    }
}

#[test]
fn the_lan_guard_knows_its_networks_to_the_last_address() {
    let (compiled, _) = compiled(&enforcing(everything(), guarded()), vec![], &[], &[]);
    for (inside, outside) in [
        (["0.0.0.0", "0.255.255.255"], ["1.0.0.0", "1.0.0.0"]),
        (
            ["10.0.0.0", "10.255.255.255"],
            ["9.255.255.255", "11.0.0.0"],
        ),
        (
            ["127.0.0.0", "127.255.255.255"],
            ["126.255.255.255", "128.0.0.0"],
        ),
        (
            ["169.254.0.0", "169.254.255.255"],
            ["169.253.255.255", "169.255.0.0"],
        ),
        (
            ["172.16.0.0", "172.31.255.255"],
            ["172.15.255.255", "172.32.0.0"],
        ),
        (
            ["192.168.0.0", "192.168.255.255"],
            ["192.167.255.255", "192.169.0.0"],
        ),
        (["::1", "::1"], ["::", "::2"]),
        (
            ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
            ["fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::"],
        ),
        (
            ["fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
            ["fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::"],
        ),
    ] {
        for addr in inside {
            assert_eq!(https(&compiled, addr), LAN, "{addr}");
        }
        for addr in outside {
            assert_eq!(https(&compiled, addr), ALLOWED, "{addr}");
        }
    }
}

#[test]
fn the_tailnet_is_carved_out_of_the_private_networks() {
    let (compiled, _) = compiled(&enforcing(everything(), guarded()), vec![], &[], &[]);
    for (addr, expected) in [
        ("100.63.255.255", ALLOWED),
        ("100.64.0.0", HOST),
        (CLIENT_V4, HOST),
        ("100.127.255.255", HOST),
        ("100.128.0.0", ALLOWED),
        // RFC 4193 space right before and after Tailscale's /48.
        ("fd7a:115c:a1df:ffff:ffff:ffff:ffff:ffff", LAN),
        ("fd7a:115c:a1e0::", HOST),
        (CLIENT_V6, HOST),
        ("fd7a:115c:a1e0:ffff:ffff:ffff:ffff:ffff", HOST),
        ("fd7a:115c:a1e1::", LAN),
    ] {
        assert_eq!(https(&compiled, addr), expected, "{addr}");
    }
}

#[test]
fn a_network_of_another_interface_inside_the_tailnet_is_a_lan_but_for_our_own_address() {
    let (compiled, _) = compiled(
        &enforcing(everything(), guarded()),
        vec![],
        &["100.64.0.2", "fd7a:115c:a1e0:1::2"],
        &["100.64.0.0/24", "fd7a:115c:a1e0:1::/64"],
    );
    for (addr, expected) in [
        ("100.64.0.0", LAN),
        ("100.64.0.1", LAN),
        ("100.64.0.2", HOST),
        ("100.64.0.3", LAN),
        ("100.64.0.255", LAN),
        ("100.64.1.0", HOST),
        ("fd7a:115c:a1e0:0:ffff:ffff:ffff:ffff", HOST),
        ("fd7a:115c:a1e0:1::", LAN),
        ("fd7a:115c:a1e0:1::2", HOST),
        ("fd7a:115c:a1e0:2::", HOST),
    ] {
        assert_eq!(https(&compiled, addr), expected, "{addr}");
    }
}

#[test]
fn networks_of_this_host_are_lans_and_its_addresses_are_not() {
    let addresses = ["203.0.113.2", "192.168.1.2", "2001:db8:1::2", "127.0.0.1"];
    let on_link = ["203.0.113.0/24", "2001:db8:1::/64"];
    let config = enforcing(everything(), guarded());
    let (compiled, _) = compiled(&config, vec![], &addresses, &on_link);
    for addr in addresses {
        assert_eq!(https(&compiled, addr), HOST, "{addr}");
    }
    for addr in [
        "203.0.113.1",
        "203.0.113.255",
        "192.168.1.1",
        "2001:db8:1::1",
        "127.0.0.2",
    ] {
        assert_eq!(https(&compiled, addr), LAN, "{addr}");
    }
    for addr in ["203.0.112.255", "203.0.114.0", "2001:db8:2::"] {
        assert_eq!(https(&compiled, addr), ALLOWED, "{addr}");
    }
}

#[test]
fn lan_true_lifts_the_guard_and_nothing_else() {
    let https_only: PortSet = [443..=443].into_iter().collect();
    let egress = RuleSpec {
        tcp: https_only,
        lan: true,
        lists: 1,
        ..everything()
    };
    let listed = list("x", ListAction::Deny, &["10.0.0.1"]);
    let (compiled, _) = compiled(&enforcing(everything(), egress), vec![listed], &[], &[]);
    assert_eq!(https(&compiled, "10.0.0.2"), ALLOWED);
    assert_eq!(https(&compiled, "10.0.0.1"), LISTED);
    let ssh = Probe::new(CLIENT_V4, "10.0.0.2", Transport::Tcp, 22).ask(&compiled);
    assert_eq!((ssh.verdict, ssh.reason), (Verdict::Deny, Reason::Port));
}

#[test]
fn a_list_of_everything_touches_neither_the_tailnet_nor_the_host() {
    for entries in [
        &["0.0.0.0/0", "::/0"][..],
        &[
            "100.64.0.0/10",
            "fd7a:115c:a1e0::/48",
            "203.0.113.2",
            "2001:db8::2",
            "198.51.100.0/24",
            "2001:db8:f::/48",
        ],
    ] {
        let egress = RuleSpec {
            lists: 1,
            ..everything()
        };
        let lists = vec![list("everything", ListAction::Deny, entries)];
        let addresses = ["203.0.113.2", "2001:db8::2"];
        let (compiled, _) = compiled(&enforcing(everything(), egress), lists, &addresses, &[]);
        for addr in [
            "203.0.113.2",
            "2001:db8::2",
            "100.64.0.1",
            "100.127.255.255",
            "fd7a:115c:a1e0::1",
        ] {
            assert_eq!(https(&compiled, addr), HOST, "{addr}");
        }
        for addr in ["198.51.100.1", "2001:db8:f::1"] {
            assert_eq!(https(&compiled, addr), LISTED, "{addr}");
        }
        let dns = Probe::new(CLIENT_V4, "100.100.100.100", Transport::Udp, 53).ask(&compiled);
        assert_eq!(dns, Decision::allow(Reason::Exempt, RuleId::EGRESS));
    }
}

#[test]
fn an_allowed_destination_passes_lists_and_lan_guard_but_not_the_ports() {
    let egress = RuleSpec {
        tcp: [443..=443].into_iter().collect(),
        lan: false,
        lists: 1,
        ..everything()
    };
    let config = Config {
        allow: nets(&["192.168.1.10", "198.51.100.128/25", "0.0.0.0/32"]),
        ..enforcing(everything(), egress)
    };
    let lists = vec![list("x", ListAction::Deny, &["198.51.100.0/24"])];
    let (compiled, _) = compiled(&config, lists, &[], &[]);
    for (addr, expected) in [
        ("192.168.1.9", LAN),
        ("192.168.1.10", ALLOWED),
        ("192.168.1.11", LAN),
        ("198.51.100.127", LISTED),
        ("198.51.100.128", ALLOWED),
        ("198.51.100.255", ALLOWED),
        ("0.0.0.0", ALLOWED),
        ("0.0.0.1", LAN),
    ] {
        assert_eq!(https(&compiled, addr), expected, "{addr}");
    }
    let ssh = Probe::new(CLIENT_V4, "192.168.1.10", Transport::Tcp, 22).ask(&compiled);
    assert_eq!((ssh.verdict, ssh.reason), (Verdict::Deny, Reason::Port));
}

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

#[test]
fn equal_port_sets_are_kept_once_and_any_not_at_all() {
    let web: PortSet = [80..=80, 443..=443].into_iter().collect();
    let same: PortSet = [443..=443, 80..=80, 80..=80].into_iter().collect();
    let ssh: PortSet = [22..=22].into_iter().collect();
    let egress = RuleSpec {
        tcp: web,
        udp: ssh.clone(),
        sctp: PortSet::none(),
        ..everything()
    };
    let client = RuleSpec {
        tcp: PortSet::any(),
        udp: same,
        sctp: ssh,
        ..everything()
    };
    let config = Config {
        clients: vec![Client {
            name: "web".to_owned(),
            prefixes: nets(&[CLIENT_V4]),
            rule: client,
        }],
        ..enforcing(everything(), egress)
    };
    let (compiled, labels) = compiled(&config, vec![], &[], &[]);
    let [host, egress, client] = compiled.rules[..] else {
        panic!("{:?}", compiled.rules)
    };
    assert_eq!(
        [host.tcp, host.udp, host.sctp, client.tcp],
        [PortSetId::ANY; 4]
    );
    assert_eq!(egress.tcp, client.udp);
    assert_eq!(egress.udp, client.sctp);
    assert_eq!(compiled.ports.len(), 3 * PORT_LINES_PER_SET as usize);
    for (set, inside, outside) in [
        (egress.tcp, &[80, 443][..], &[0, 22, 79, 81, 65_535][..]),
        (egress.udp, &[22], &[0, 21, 23, 443]),
        (egress.sctp, &[], &[0, 22, 443, 65_535]),
    ] {
        for port in inside {
            assert_eq!(compiled.port_in_set(set, *port), Some(true), "{port}");
        }
        for port in outside {
            assert_eq!(compiled.port_in_set(set, *port), Some(false), "{port}");
        }
    }
    // A set that is not there is an answer of its own, which denies.
    assert_eq!(compiled.port_in_set(PortSetId(3), 80), None);
    assert_eq!(compiled.port_in_set(PortSetId::ANY, 80), None);
    let names = [0, 1, 2, 3].map(|id| labels.rule(RuleId(id)).to_owned());
    assert_eq!(names, ["host", "egress", "client web", "unknown"]);
}

#[test]
fn the_longest_prefix_of_a_client_wins_wherever_it_is_written() {
    let client = |name: &str, prefixes: &[&str]| Client {
        name: name.to_owned(),
        prefixes: nets(prefixes),
        rule: everything(),
    };
    let config = Config {
        clients: vec![
            client("one", &["100.64.0.9", "fd7a:115c:a1e0::9"]),
            client("wide", &["100.64.0.0/10", "fd7a:115c:a1e0::/48"]),
            client(
                "narrow",
                &["100.64.0.0/28", "fd7a:115c:a1e0::/124", "100.64.0.16/28"],
            ),
        ],
        ..enforcing(everything(), everything())
    };
    let (compiled, labels) = compiled(&config, vec![], &[], &[]);
    for (addr, expected) in [
        ("100.63.255.255", "egress"),
        ("100.64.0.0", "client narrow"),
        ("100.64.0.8", "client narrow"),
        ("100.64.0.9", "client one"),
        ("100.64.0.10", "client narrow"),
        ("100.64.0.31", "client narrow"),
        ("100.64.0.32", "client wide"),
        ("100.127.255.255", "client wide"),
        ("100.128.0.0", "egress"),
        ("fd7a:115c:a1e0::8", "client narrow"),
        ("fd7a:115c:a1e0::9", "client one"),
        ("fd7a:115c:a1e0::10", "client wide"),
        ("fd7a:115c:a1e1::", "egress"),
    ] {
        let remote = if addr.contains(':') {
            "2001:db8::1"
        } else {
            "192.0.2.1"
        };
        let decision = Probe::new(addr, remote, Transport::Tcp, 443).ask(&compiled);
        assert_eq!(labels.rule(decision.rule), expected, "{addr}");
    }
}

fn class_of(compiled: &Compiled, addr: &str) -> AddressClass {
    let addr: IpAddr = addr.parse().unwrap();
    let class = compiled.class_of(&addr.into()).unwrap();
    *compiled.class(class).unwrap()
}

#[test]
fn an_address_can_be_client_and_destination_at_once() {
    let config = Config {
        clients: vec![Client {
            name: "router".to_owned(),
            prefixes: nets(&["192.168.1.0/24"]),
            rule: guarded(),
        }],
        ..enforcing(everything(), guarded())
    };
    let lists = vec![list("x", ListAction::Deny, &["192.168.1.7"])];
    let (compiled, _) = compiled(&config, lists, &[], &[]);
    let expected = AddressClass {
        lists: 1,
        rule: RuleId(2),
        flags: ClassFlags::LAN,
        zero: 0,
    };
    assert_eq!(class_of(&compiled, "192.168.1.7"), expected);
}

#[test]
fn no_address_is_of_the_tailnet_and_of_a_lan() {
    let on_link = ["100.64.0.0/24", "fd7a:115c:a1e0:1::/64", "192.168.0.0/16"];
    let addresses = ["100.64.0.2", "100.64.1.2"];
    let config = enforcing(everything(), guarded());
    let (compiled, _) = compiled(&config, vec![], &addresses, &on_link);
    let host = ClassFlags::HOST;
    for (addr, expected) in [
        ("100.64.0.1", ClassFlags::LAN),
        ("100.64.0.2", ClassFlags::LAN.with(host)),
        ("100.64.1.1", ClassFlags::TAILNET),
        ("100.64.1.2", ClassFlags::TAILNET.with(host)),
        ("192.168.0.1", ClassFlags::LAN),
        ("fd7a:115c:a1df::", ClassFlags::LAN),
        ("fd7a:115c:a1e0::", ClassFlags::TAILNET),
        ("fd7a:115c:a1e0:1::", ClassFlags::LAN),
        ("fd7a:115c:a1e0:2::", ClassFlags::TAILNET),
        ("fd7a:115c:a1e1::", ClassFlags::LAN),
    ] {
        assert_eq!(class_of(&compiled, addr).flags, expected, "{addr}");
    }
}

#[test]
fn what_a_policy_says_nothing_about_has_no_class() {
    let (compiled, _) = compiled(&enforcing(everything(), everything()), vec![], &[], &[]);
    for addr in [
        "1.0.0.0",
        "8.8.8.8",
        "223.255.255.255",
        "2001:db8::1",
        "::2",
    ] {
        let class = compiled.class_of(&addr.parse::<IpAddr>().unwrap().into());
        assert_eq!(class, Some(exitguard_common::abi::ClassId::PLAIN), "{addr}");
    }
}

/// Sixteen lists, whose overlaps make as many classes as there are numbers.
fn sixteen_lists() -> Vec<LoadedList> {
    (0..16)
        .map(|bit| LoadedList {
            name: format!("list {bit}"),
            action: ListAction::Deny,
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

#[test]
fn an_empty_list_and_no_network_are_a_policy_too() {
    let lists = vec![list("empty", ListAction::Deny, &[])];
    let egress = RuleSpec {
        lists: 1,
        ..everything()
    };
    let (compiled, _) = compiled(&enforcing(everything(), egress), lists, &[], &[]);
    assert_eq!(https(&compiled, "8.8.8.8"), ALLOWED);
    assert_eq!(https(&compiled, "255.255.255.254"), ALLOWED);
}
