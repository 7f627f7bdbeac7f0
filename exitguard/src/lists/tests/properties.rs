//! Whatever the bytes, nothing panics, and what was read can be written and read again.

use super::super::token::{self, Item};
use super::*;
use ipnet::IpNet;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn any_format() -> impl Strategy<Value = Option<Format>> {
    let described = vec![
        Format::Columns(Columns::default()),
        Format::Columns(Columns {
            end: Some(2),
            prefix: Some(3),
            integers: true,
            ..Columns::default()
        }),
        Format::Json(Selection {
            pointer: "/a/*".to_owned(),
            field: Some("b".to_owned()),
        }),
    ];
    let named = Named::ALL.iter().copied().map(Format::from);
    prop::option::of(prop::sample::select(
        named.chain(described).collect::<Vec<_>>(),
    ))
}

/// Words that parsers look for, in any order.
fn scraps() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "192.0.2.1",
        "198.51.100.0/24",
        "2001:db8::/32",
        "::ffff:192.0.2.1/97",
        "0.0.0.0",
        "/0",
        "-",
        " - ",
        ",",
        ";",
        "#",
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "{",
        "}",
        "\"",
        "=",
        ":",
        ".",
        "*",
        "||",
        "^",
        "@@",
        "$",
        "[",
        "]",
        "\\",
        "create",
        "add",
        "-A",
        "x",
        "hash:net",
        "nomatch",
        "element",
        "elements",
        "table",
        "set",
        "type",
        "ipv4_addr",
        "CNAME",
        "SOA",
        "$ORIGIN",
        "rpz-ip",
        ".rpz-ip",
        "zz",
        "(",
        ")",
        "local-zone:",
        "address=/",
        "server:",
        "ads.example.com",
        "127",
        "000",
        "16777216",
        "US",
        "\"ip:port\"",
        "{\"nftables\":[{\"set\":{\"elem\":[",
        "{\"range\":[\"192.0.2.1\",\"192.0.2.9\"]}",
        "\"cidr\"",
        "\"prefixes\"",
        "# Entries : 2 subnets",
        "; Spamhaus",
        "\u{feff}",
        "é",
        "\u{a0}",
        "value",
        "duration",
        "Start\tEnd\tNetmask",
    ];
    prop::collection::vec(prop::sample::select(WORDS), 0..40).prop_map(|words| words.concat())
}

fn survives(format: Option<&Format>, bytes: &[u8]) {
    let Ok(parsed) = parse_bytes(Path::new("x"), bytes, format) else {
        return;
    };
    let _ = parsed.judge();
    let found = parsed.entries.len() + parsed.exceptions.len() + parsed.domains.len();
    assert!(parsed.stats.valid > 0 || found + parsed.domain_exceptions.len() == 0);
    for net in parsed.entries.v4() {
        assert!(net.prefix_len() > 0 && net.trunc() == net);
    }
    assert!(parsed.samples.len() <= SAMPLES && parsed.samples.len() <= parsed.stats.invalid);
    for sample in &parsed.samples {
        let (line, _) = sample.position();
        assert!(line <= parsed.stats.lines.max(1), "{sample}");
    }
    let blocked = parsed.into_blocked().unwrap();
    bogons(&blocked);
    Coverage::of(&blocked);
}

fn any_net() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        (any::<u32>(), 1u8..=32)
            .prop_map(|(bits, length)| (IpAddr::V4(Ipv4Addr::from_bits(bits)), length)),
        // Without those that stand for IPv4.
        (any::<u128>(), 1u8..=128)
            .prop_map(|(bits, length)| (IpAddr::V6(Ipv6Addr::from_bits(bits | 1 << 126)), length)),
    ]
    .prop_map(|(addr, length)| IpNet::new(addr, length).unwrap().trunc())
}

proptest! {
    #[test]
    fn never_panics_on_bytes(format in any_format(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(format.as_ref(), &bytes);
    }

    #[test]
    fn never_panics_on_scraps_of_lists(format in any_format(), text in scraps()) {
        survives(format.as_ref(), text.as_bytes());
    }

    #[test]
    fn never_panics_on_what_looks_like_addresses(text in "[0-9a-f:./#; \n\r,-]{0,200}") {
        survives(None, text.as_bytes());
    }

    #[test]
    fn addresses_are_read_as_the_standard_library_reads_them(text in "[0-9.]{1,16}|([0-9]{1,3}\\.){3}[0-9]{1,3}") {
        let expected = text.parse::<Ipv4Addr>().ok().map(Ipv4Addr::to_bits);
        prop_assert_eq!(token::ip4(text.as_bytes()), expected);
    }

    #[test]
    fn common_words_are_read_as_all_words_are(
        addr in any::<Ipv4Addr>(),
        length in "(/[0-9]{0,2}|/3[0-9])?[x/]?",
    ) {
        let word = format!("{addr}{length}");
        let read = token::item(word.as_bytes());
        if let Some(common) = token::common_item(word.as_bytes()) {
            prop_assert_eq!(read, Ok(common), "{}", word);
        } else {
            // What is left for the others is wrong, but for lengths with a leading zero.
            let is_rare = word.contains("/0");
            prop_assert!(is_rare || read.is_err(), "{}", word);
        }
    }

    #[test]
    fn what_is_written_is_read_again(nets in prop::collection::vec(any_net(), 1..30)) {
        let entries: Entries = nets.iter().copied().collect();
        let list = |line: &dyn Fn(&IpNet) -> String| nets.iter().map(line).collect::<String>();
        let netmask = |net: &IpNet| match net {
            IpNet::V4(net) => format!("{}/{}\n", net.addr(), net.netmask()),
            IpNet::V6(net) => format!("{net}\n"),
        };
        let elements = list(&|net| format!("{net},"));
        let texts = [
            (Named::Plain, list(&|net| format!("{net}\n"))),
            (Named::Plain, list(&netmask)),
            (Named::Plain, list(&|net| format!("{}-{}\n", net.network(), net.broadcast()))),
            (Named::Ipset, list(&|net| format!("add s {net} timeout 0\n"))),
            (Named::Nft, format!("table ip t {{ set s {{ elements = {{ {elements} }} }} }}")),
            (Named::TorGeoip, list(&|net| format!("{},{},XX\n", net.network(), net.broadcast()))),
        ];
        for (format, text) in texts {
            let parsed = read(&text).unwrap();
            prop_assert_eq!(&parsed.format, &Format::from(format), "{}", text);
            prop_assert_eq!(&parsed.entries, &entries, "{}", text);
            prop_assert_eq!(parsed.stats.invalid, 0);
        }
    }

    #[test]
    fn a_range_is_exactly_its_addresses(start in 0u32..300, length in 0u32..300) {
        let base = 0xc000_0200;
        let (first, last) = (base + start, base + start + length);
        let text = format!("{}-{}", Ipv4Addr::from_bits(first), Ipv4Addr::from_bits(last));
        prop_assert_eq!(token::item(text.as_bytes()), Ok(Item::V4Range(first, last)));
        let coverage = Coverage::of(&read(&text).unwrap().entries);
        prop_assert_eq!((coverage.v4_addresses, coverage.v4_ranges), (u64::from(length) + 1, 1));
    }
}
