//! Lists so long that their tables are written piece by piece.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use exitguard::datapath::{Hook, PIN_ROOT};
use exitguard::lab::Namespace;
use exitguard::policy::Network;
use exitguard_common::abi::LinkLayer;
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::{Judge, tc};
use exitguard_tests::policy::Policy;

use crate::places::at;

const CONFIG: &str = r#"
mode = "enforce"
[egress]
tcp = [443]
udp = []
lan = true
[[list]]
name = "long"
source = "long.txt"
"#;

/// Tables are written in pieces of a megabyte: 131,072 IPv4 ranges, or 32,768 of IPv6.
const RANGES_V4: u32 = 3 * 131_072;
const RANGES_V6: u32 = 3 * 32_768;

/// Every other address is listed, so that none of them join.
fn v4(number: u32) -> IpAddr {
    let first = Ipv4Addr::new(10, 0, 0, 0).to_bits();
    IpAddr::V4(Ipv4Addr::from_bits(first + number))
}

fn v6(number: u32) -> IpAddr {
    let first: u128 = 0x2001_0db8 << 96;
    IpAddr::V6(Ipv6Addr::from_bits(first + u128::from(number)))
}

fn list() -> String {
    let mut text = String::new();
    for number in 0..RANGES_V4 {
        writeln!(text, "{}", v4(2 * number)).unwrap();
    }
    for number in 0..RANGES_V6 {
        writeln!(text, "{}", v6(2 * number)).unwrap();
    }
    text
}

/// All pins, as text.
fn pinned(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => pinned(&path),
            false => vec![path.to_string_lossy().into_owned()],
        })
        .collect()
}

#[test]
#[ignore = "needs root"]
fn every_piece_of_a_long_list_is_in_force() {
    let text = list();
    let namespace = Namespace::with_private_bpffs("long").unwrap();
    namespace
        .enter(|| {
            let policy = Policy::new(CONFIG, &[("long.txt", &text)], &Network::default()).unwrap();
            let mut judge = Judge::new(policy, LinkLayer::RawIp).unwrap();
            let clients = [at("100.64.0.7"), at("fd7a:115c:a1e0::7")];
            let families = [(RANGES_V4, v4 as fn(u32) -> IpAddr), (RANGES_V6, v6)];
            for (client, (ranges, address)) in clients.into_iter().zip(families) {
                // Both sides of all borders of pieces, and a few between.
                for number in (0..=12).map(|part| ranges / 12 * part) {
                    for near in number.saturating_sub(2)..(number + 3).min(ranges) {
                        for (remote, code) in [(2 * near, tc::DROP), (2 * near + 1, tc::PASS)] {
                            let frame = Frame::tcp(client, address(remote), (40_000, 443));
                            let bytes = frame.bytes(LinkLayer::RawIp).unwrap();
                            let seen = judge.see(Hook::TcOutbound, &bytes, 0).unwrap();
                            assert_eq!(seen.code, code, "{}", address(remote));
                        }
                    }
                }
            }
            let pinned = pinned(Path::new(PIN_ROOT));
            assert!(
                pinned.iter().any(|path| path.ends_with("/flows")),
                "{pinned:?}"
            );
            let left = pinned.iter().find(|path| path.contains("/new_"));
            assert_eq!(left, None, "a table is pinned only while it is loaded");
        })
        .unwrap();
}
