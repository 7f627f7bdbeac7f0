//! Rules of clients, and the classes of addresses.

use super::*;

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
