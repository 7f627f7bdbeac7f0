//! What no list may block, whatever it holds.

use super::*;
use crate::policy::collisions;

fn network() -> Network {
    let addrs = |addrs: &[&str]| addrs.iter().map(|addr| addr.parse().unwrap()).collect();
    Network {
        addresses: addrs(&["127.0.0.1", "203.0.113.10", "2001:db8::10"]),
        on_link: nets(&["203.0.113.0/28"]),
        gateways: addrs(&["203.0.113.1", "2001:db8:ffff::1"]),
        resolvers: addrs(&["127.0.0.53", "198.51.100.53"]),
        relays: addrs(&["198.51.100.77", "2001:db8:77::1"]),
    }
}

/// Private networks are open, so that it is the lists alone that deny.
fn with(lists: Vec<LoadedList>) -> (Compiled, Labels) {
    let egress = RuleSpec {
        lists: u64::MAX,
        ..everything()
    };
    compile(&enforcing(everything(), egress), lists, &network()).unwrap()
}

fn lists_of(compiled: &Compiled, addr: &str) -> u64 {
    let addr: IpAddr = addr.parse().unwrap();
    let class = compiled.class_of(&addr.into()).unwrap();
    compiled.class(class).unwrap().lists
}

#[test]
fn a_list_never_holds_what_the_host_and_the_tailnet_live_on() {
    let all = [
        "0.0.0.0/1",
        "128.0.0.0/1",
        "2000::/3",
        "fd7a:115c:a1e0::/48",
        "198.51.100.53/32",
        "198.51.100.77/32",
    ];
    let (compiled, _) = with(vec![list("feed", ListAction::Deny, &all)]);
    for addr in [
        "100.64.0.9",
        "100.127.255.255",
        "fd7a:115c:a1e0::53",
        "192.200.0.7",
        "2606:b740:49::7",
        "199.165.136.7",
        "2606:b740:1::7",
        "203.0.113.0",
        "203.0.113.10",
        "203.0.113.15",
        "2001:db8::10",
        "2001:db8:ffff::1",
        "198.51.100.53",
        "198.51.100.77",
        "2001:db8:77::1",
    ] {
        assert_eq!(https(&compiled, addr).0, Verdict::Allow, "{addr}");
        assert_eq!(lists_of(&compiled, addr), 0, "{addr}");
    }
    for addr in [
        "100.63.255.255",
        "100.128.0.0",
        "192.199.255.255",
        "192.200.1.0",
        "203.0.112.255",
        "203.0.113.16",
        "198.51.100.52",
        "198.51.100.54",
        "2001:db8::11",
    ] {
        assert_eq!(https(&compiled, addr), LISTED, "{addr}");
    }
}

#[test]
fn each_collision_is_told_with_the_list_the_entry_and_what_it_would_cut() {
    let lists = [
        list(
            "harmless",
            ListAction::Deny,
            &["203.0.113.16/28", "45.67.89.0/24"],
        ),
        list(
            "feed",
            ListAction::Deny,
            &[
                "198.51.100.0/24",
                "2001:db8:77::/48",
                "100.64.3.1/32",
                "127.0.0.0/8",
                "203.0.113.1/32",
            ],
        ),
        list(
            "hosting",
            ListAction::Observe,
            &["192.200.0.1/32", "192.200.0.9/32", "2606:b740::/32"],
        ),
    ];
    let told: Vec<String> = collisions(&lists, &network())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "list \"feed\": 100.64.3.1/32 lies in 100.64.0.0/10, the tailnet; left out",
            "list \"feed\": 203.0.113.1/32 lies in 203.0.113.0/28, a network of this host; left out",
            "list \"feed\": 203.0.113.1/32 holds 203.0.113.1, a default gateway of this host; left out",
            "list \"feed\": 198.51.100.0/24 holds 198.51.100.53, a resolver of this host; left out",
            "list \"feed\": 198.51.100.0/24 holds 198.51.100.77, a relay of Tailscale (and 1 more); left out",
            "list \"hosting\": 2 entries, 192.200.0.1/32 among them, overlap 192.200.0.0/24, Tailscale's control servers; left out",
            "list \"hosting\": 2606:b740::/32 holds 2606:b740:49::/48, Tailscale's control servers; left out",
            "list \"hosting\": 2606:b740::/32 holds 2606:b740:1::/48, Tailscale's log servers; left out",
        ]
    );
}

#[test]
fn a_hit_is_of_a_list_that_blocks_the_address_not_of_one_that_leaves_it_out() {
    let entries = ["10.0.0.0/8"];
    let careful = LoadedList {
        left_out: nets(&entries).into_iter().collect::<Entries>(),
        names: 0,
        ..list("careful", ListAction::Deny, &entries)
    };
    let lists = vec![careful, list("bold", ListAction::Deny, &["10.1.0.0/16"])];
    let (_, labels) = with(lists);
    let hit = labels.list_hit(RuleId::EGRESS, "10.1.2.3".parse().unwrap());
    assert_eq!(hit.unwrap().list, "bold");
    assert_eq!(
        labels.list_hit(RuleId::EGRESS, "10.2.2.3".parse().unwrap()),
        None
    );
}
