//! What is left out of lists, by the accidents that happened with real ones; the addresses are made up.

use super::*;
use crate::config::Source;
use crate::diagnostic::SourceFile;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};

const USUAL: Limits = Limits {
    bogons: false,
    wide: false,
    max_coverage: 5,
};

/// A list as the configuration takes it from its file, and what is said about it.
fn loaded(text: &str, limits: Limits) -> Result<(LoadedList, Vec<String>), ListError> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("feed.txt");
    std::fs::write(&source, text).unwrap();
    let list = List {
        name: "feed".to_owned(),
        source: Source::File(source),
        named_at: SourceFile::new("exitguard.toml", "").place(0..0),
        format: None,
        action: ListAction::Deny,
        allow_empty: false,
        interval: None,
        limits,
        max_age: None,
        must_contain: Vec::new(),
    };
    let mut warnings = Vec::new();
    let list = load(&list, folder.path(), &mut warnings)?;
    let said = warnings.iter().map(|warning| warning.message().to_owned());
    Ok((list, said.collect()))
}

fn find(list: &LoadedList, addr: &str) -> Option<String> {
    let found = list.find(addr.parse().unwrap());
    found.map(|entry| entry.to_string())
}

/// Like the most popular list of all, which is made for interfaces that face the Internet.
const WITH_PRIVATE: &str = "\
0.0.0.0/8\n10.0.0.0/8\n100.64.0.0/10\n127.0.0.0/8\n169.254.0.0/16\n172.16.0.0/12\n192.168.0.0/16\n\
224.0.0.0/3\n45.67.89.0/24\n5.6.7.8\n";

#[test]
fn a_list_with_private_networks_is_taken_without_them() {
    let (list, said) = loaded(WITH_PRIVATE, USUAL).unwrap();
    assert_eq!(said, [""; 0]);
    for addr in [
        "0.1.2.3",
        "10.1.2.3",
        "100.100.100.100",
        "127.0.0.53",
        "192.168.1.1",
        "224.0.0.251",
        "255.255.255.255",
    ] {
        assert_eq!(find(&list, addr), None, "{addr}");
    }
    assert_eq!(find(&list, "45.67.89.1").unwrap(), "45.67.89.0/24");
    assert_eq!(find(&list, "5.6.7.8").unwrap(), "5.6.7.8/32");
    // 224.0.0.0/3 overlaps two of the ranges.
    assert_eq!(list.left_out_entries(), 9);
}

#[test]
fn a_list_keeps_private_networks_when_the_configuration_says_so() {
    let limits = Limits {
        bogons: true,
        wide: true,
        max_coverage: 20,
    };
    let (list, said) = loaded(WITH_PRIVATE, limits).unwrap();
    assert_eq!((said.len(), list.left_out_entries()), (0, 0));
    assert_eq!(find(&list, "10.1.2.3").unwrap(), "10.0.0.0/8");
    assert_eq!(find(&list, "224.0.0.251").unwrap(), "224.0.0.0/3");
    // Each of the three is needed.
    let narrow = Limits {
        wide: false,
        ..limits
    };
    let (list, said) = loaded(WITH_PRIVATE, narrow).unwrap();
    assert_eq!(find(&list, "224.0.0.251"), None);
    assert!(said[0].ends_with("IPv6: 224.0.0.0/3"), "{said:?}");
    let small = Limits {
        max_coverage: 13,
        ..limits
    };
    let error = loaded(WITH_PRIVATE, small).unwrap_err().to_string();
    assert!(
        error.ends_with("it covers 13.8 % of all IPv4 addresses, more than 13 %"),
        "{error}"
    );
}

#[test]
fn an_entry_around_a_private_network_is_named_as_it_is_written() {
    let (list, _) = loaded("172.0.0.0/8\n192.0.2.0/24\n", USUAL).unwrap();
    assert_eq!(find(&list, "172.15.255.255").unwrap(), "172.0.0.0/8");
    assert_eq!(find(&list, "172.16.0.0"), None);
    assert_eq!(find(&list, "172.31.255.255"), None);
    assert_eq!(find(&list, "172.32.0.0").unwrap(), "172.0.0.0/8");
    // There is nothing to lose behind documentation addresses.
    assert_eq!(find(&list, "192.0.2.1").unwrap(), "192.0.2.0/24");
}

#[test]
fn a_list_of_nothing_but_private_networks_says_that_it_blocks_nothing() {
    let (list, said) = loaded("10.0.0.0/8\n192.168.7.0/24\nfd00::/8\n", USUAL).unwrap();
    assert_eq!(list.left_out_entries(), 3);
    assert!(said[0].ends_with("it blocks nothing"), "{said:?}");
    let (_, said) = loaded("10.0.0.0/8\n45.67.89.1\n", USUAL).unwrap();
    assert_eq!(said, [""; 0]);
}

#[test]
fn too_short_prefixes_are_left_out_and_named() {
    let text = "45.67.89.1\n16.0.0.0/7\n17.0.0.0/8\n2600::/15\n2a00::/16\n";
    let (list, said) = loaded(text, USUAL).unwrap();
    assert_eq!(
        said,
        [
            "list \"feed\": left out because they are shorter than /8, or /16 of IPv6: 16.0.0.0/7, 2600::/15"
        ]
    );
    assert_eq!(find(&list, "16.1.2.3"), None);
    assert_eq!(find(&list, "17.1.2.3").unwrap(), "17.0.0.0/8");
    assert_eq!(find(&list, "2600::1"), None);
    assert_eq!(find(&list, "2a00::1").unwrap(), "2a00::/16");
    let wide = Limits {
        wide: true,
        ..USUAL
    };
    let (list, said) = loaded(text, wide).unwrap();
    assert_eq!(said, [""; 0]);
    assert_eq!(find(&list, "16.1.2.3").unwrap(), "16.0.0.0/7");
    assert_eq!(find(&list, "2600::1").unwrap(), "2600::/15");
}

#[test]
fn everything_is_never_blocked_in_whatever_parts_it_is_written() {
    let all = Limits {
        bogons: true,
        wide: true,
        max_coverage: 100,
    };
    assert!(loaded("0.0.0.0/0\n45.67.89.1\n", all).is_err());
    assert!(loaded("::/0\n45.67.89.1\n", all).is_err());
    // In a long list, it is one wrong line.
    let many: String = (0..2_000)
        .map(|n| format!("45.67.{}.{}\n", n / 250, n % 250))
        .collect();
    let (list, said) = loaded(&format!("0.0.0.0/0\n{many}"), all).unwrap();
    assert_eq!((list.entries.len(), find(&list, "5.6.7.8")), (2_000, None));
    assert_eq!(said.len(), 0);
    let (list, said) = loaded("0.0.0.0/1\n128.0.0.0/1\n45.67.89.1\n", USUAL).unwrap();
    assert_eq!((said.len(), list.entries.len()), (1, 1));
    let eights: String = (1..=223)
        .map(|first| format!("{first}.0.0.0/8\n"))
        .collect();
    let error = loaded(&eights, USUAL).unwrap_err().to_string();
    assert!(
        error.contains("of all IPv4 addresses, more than 5 %"),
        "{error}"
    );
}

#[test]
fn a_list_covers_as_much_as_it_may_and_no_more() {
    let eights = |count: u32| -> String {
        (0..count)
            .map(|n| format!("{}.0.0.0/8\n", 20 + n))
            .collect()
    };
    // 5 % are 12.8 of 256 parts.
    assert!(loaded(&eights(12), USUAL).is_ok());
    assert!(loaded(&eights(13), USUAL).is_err());
    let ten = Limits {
        max_coverage: 10,
        ..USUAL
    };
    assert!(loaded(&eights(25), ten).is_ok());
    assert!(loaded(&eights(26), ten).is_err());
    // What is left out does not count.
    assert!(loaded(&format!("{}10.0.0.0/8\n0.0.0.0/8\n", eights(12)), USUAL).is_ok());
}

/// Prefixes around and inside of private networks, where only their last byte may be public.
fn prefixes() -> impl Strategy<Value = Vec<IpNet>> {
    let near = prop::sample::select(vec![[10, 0], [172, 16], [192, 168], [100, 64], [45, 67]]);
    let prefix = (near, any::<[u8; 3]>(), 8u8..=32).prop_map(|([a, b], [c, d, add], length)| {
        let addr = Ipv4Addr::new(a, b.wrapping_add(add % 3), c, d);
        IpNet::new(addr.into(), length).unwrap().trunc()
    });
    prop::collection::vec(prefix, 1..6)
}

proptest! {
    #[test]
    fn what_is_special_is_left_out_and_everything_else_stays(
        nets in prefixes(),
        probes in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 20),
    ) {
        let entries: Entries = nets.iter().copied().collect();
        let (safe, _) = within(entries.clone(), &USUAL).unwrap();
        let blocked = safe.blocked().unwrap();
        let list = LoadedList {
            name: String::new(),
            action: ListAction::Deny,
            entries: safe.entries,
            left_out: safe.left_out,
            names: 0,
        };
        for (net, offset) in probes {
            let IpNet::V4(net) = nets[net.index(nets.len())] else { panic!("of IPv6") };
            let inside = offset & u32::from(net.hostmask());
            let addr = Ipv4Addr::from_bits(u32::from(net.network()) | inside);
            let is_special = addr.is_private() || addr.octets()[0] == 100 && addr.octets()[1] & 0xc0 == 64;
            let expected = entries.find(addr.into()).filter(|_| !is_special);
            prop_assert_eq!(list.find(addr.into()), expected, "{}", addr);
            prop_assert_eq!(blocked.find(IpAddr::from(addr)).is_some(), expected.is_some());
        }
    }
}
