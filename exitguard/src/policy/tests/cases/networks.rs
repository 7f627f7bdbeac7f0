//! The LAN guard, the tailnet, this host, and the exceptions.

use super::*;

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
