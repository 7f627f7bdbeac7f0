//! Formats of addresses, a line or a row each.

use super::*;

const FIREHOL: &str = "#\n# sample\n#\n# This File Date  : Thu Jan  1 00:00:00 UTC 2026\n# Entries         : 2 subnets, 257 unique IPs\n#\n192.0.2.0/24\n198.51.100.9\n";

#[test]
fn firehol_lists_say_how_many_entries_they_have() {
    check(FIREHOL, "firehol 2/0/0: 192.0.2.0/24 198.51.100.9/32");
    let single = "# Entries : 1 unique IPs\n192.0.2.1\n";
    assert_eq!(shown(&read(single).unwrap()), "firehol 1/0/0: 192.0.2.1/32");
    // The last line lost, the last digit and the line end lost, a line more.
    for text in [
        FIREHOL.replace("198.51.100.9\n", ""),
        FIREHOL.trim_end_matches("9\n").to_owned(),
        FIREHOL.trim_end().to_owned(),
        format!("{FIREHOL}203.0.113.1\n"),
    ] {
        let refusal = read(&text).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Incomplete(_)),
            "{text}\n{refusal}"
        );
    }
}

const DROP: &str = "; Spamhaus DROP List 2026/01/01 - (c) 2026 The Spamhaus Project SLU\n; Expires: Fri, 02 Jan 2026 10:14:02 GMT\n192.0.2.0/24 ; SBL000001\n2001:db8::/32 ; SBL000002\n; EOF\n";

#[test]
fn spamhaus_text_may_be_empty_and_may_lack_its_end_but_not_half_a_line() {
    check(DROP, "spamhaus-drop 2/0/0: 192.0.2.0/24 2001:db8::/32");
    let older = DROP.replace("; EOF\n", "");
    assert_eq!(read(&older).unwrap().stats.valid, 2);
    let edrop = "; Spamhaus EDROP List 2026/01/01\n; merged into DROP\n; EOF\n";
    check(edrop, "spamhaus-drop 0/0/0: ");
    assert_eq!(read(edrop).unwrap().judge(), Ok(()));
    let cut = &DROP[..DROP.find("2 ; SBL").unwrap()];
    assert!(matches!(read(cut), Err(Refusal::Incomplete(_))), "{cut}");
}

#[test]
fn dshield_tells_a_range_in_two_ways_that_have_to_agree() {
    let text = "# primary URL: https://example.net/block.txt\nStart\tEnd\tNetmask\tAttacks\tName\tCountry\temail\n192.0.2.0\t192.0.2.255\t24\t1234\tEXAMPLE-AS , \"Inc\tUS\tabuse@example.net\n";
    check(text, "dshield 1/0/0: 192.0.2.0/24");
    let wrong = text.replace("\t24\t", "\t25\t");
    assert_eq!(shown(&read(&wrong).unwrap()), "dshield 0/1/0: ");
}

#[test]
fn abuse_ch_puts_the_address_into_the_second_column() {
    let feodo = "################\n# banner        #\n################\n\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\",\"malware\"\n\"2026-01-01 00:00:00\",\"192.0.2.10\",\"443\",\"online\",\"2026-01-02\",\"ExampleBot, v2\"\n# END 1 entries\n";
    check(feodo, "feodo-csv 1/0/0: 192.0.2.10/32");
    let cut = feodo.replace("END 1", "END 2");
    assert!(matches!(read(&cut), Err(Refusal::Incomplete(_))));
    let quiet = "\"first_seen_utc\",\"dst_ip\",\"dst_port\"\n# end\n";
    check(quiet, "feodo-csv 0/0/0: ");
    let sslbl = "# Firstseen,DstIP,DstPort\n2026-01-01 10:00:00,198.51.100.5,443\n2026-01-01 11:00:00,198.51.100.6,8443\n";
    check(sslbl, "sslbl 2/0/0: 198.51.100.5/32 198.51.100.6/32");
}

#[test]
fn threatfox_holds_addresses_with_ports_names_and_other_things() {
    let text = concat!(
        "# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\"\n",
        "\"2026-07-19 01:05:06\", \"185\", \"192.0.2.3:4369\", \"ip:port\", \"botnet_cc\", \"a,b\"\n",
        "\"2026-07-19 01:05:07\", \"186\", \"bad.example.com\", \"domain\", \"botnet_cc\"\n",
        "\"2026-07-19 01:05:08\", \"187\", \"http://192.0.2.4/x\", \"url\", \"payload\"\n",
    );
    check(text, "threatfox 2/0/1: 192.0.2.3/32 =bad.example.com");
}

#[test]
fn p2p_names_may_hold_anything() {
    check(
        "# made-up\nExample Corp:192.0.2.0-192.0.2.255\nBad:Name, Inc - x:198.51.100.7-198.51.100.9\n",
        "p2p 2/0/0: 192.0.2.0/24 198.51.100.7/32 198.51.100.8/31",
    );
    let latin1 = b"Caf\xe9:192.0.2.0-192.0.2.3\nNo range here:192.0.2.9\n";
    let parsed = read_as(Named::P2p, latin1).unwrap();
    assert_eq!(shown(&parsed), "p2p 1/1/0: 192.0.2.0/30");
}

#[test]
fn dat_levels_tell_blocked_from_permitted() {
    let text = "192.000.002.000 - 192.000.002.255 , 000 , Example\n198.051.100.000 , 198.051.100.255 , 100 , Example, two\n203.000.113.000 - 203.000.113.255 , 127 , allowed\n192.000.002.128 - 192.000.002.255 , 200 , allowed\n";
    check(
        text,
        "dat 4/0/0: 192.0.2.0/24 198.51.100.0/24 -192.0.2.128/25 -203.0.113.0/24",
    );
    let blocked = read(text).unwrap().into_blocked().unwrap();
    assert_eq!(nets(&blocked), ["192.0.2.0/25", "198.51.100.0/24"]);
}

#[test]
fn ipset_members_may_be_exceptions_and_sets_of_other_things_are_left_out() {
    check(
        concat!(
            "create bl hash:net family inet hashsize 1024 maxelem 65536 timeout 0 comment bucketsize 12 initval 0x2\n",
            "add bl 192.0.2.0/24 timeout 0 packets 0 bytes 0 comment \"a b nomatch c\"\n",
            "add bl 192.0.2.128/25 timeout 0 nomatch packets 0 bytes 0\n",
            "add bl 198.51.100.1-198.51.100.2\n",
            "create ports hash:ip,port family inet\n",
            "add ports 192.0.2.1,tcp:80\n",
            "create six hash:net family inet6\n",
            "add six 2001:db8::/32\n",
            "add bl 192.168.0/24\n",
            "swap bl six\nCOMMIT\n",
        ),
        "ipset 4/1/1: 192.0.2.0/24 198.51.100.1/32 198.51.100.2/32 2001:db8::/32 -192.0.2.128/25",
    );
    check(
        "-N bl iphash\n-A bl 192.0.2.1\n-A bl 192.0.2.2\n-A bl 192.0.2.3\n",
        "ipset 3/0/0: 192.0.2.1/32 192.0.2.2/32 192.0.2.3/32",
    );
}

#[test]
fn nft_sets_are_read_with_their_attributes_whatever_comments_hold() {
    check(
        concat!(
            "table inet filter {\n\tset s {\n\t\ttype ipv4_addr\n\t\tflags interval,timeout\n",
            "\t\telements = { 192.0.2.0/24 timeout 1h expires 59m comment \"abuse, } x\",\n",
            "\t\t\t     198.51.100.1-198.51.100.2, 203.0.113.7 }\n\t}\n",
            "\tset services {\n\t\ttype ipv4_addr . inet_service\n\t\telements = { 192.0.2.9 . 443 }\n\t}\n",
            "\tset ports {\n\t\ttype inet_service\n\t\telements = { 22, 80 }\n\t}\n}\n",
        ),
        "nft 3/0/3: 192.0.2.0/24 198.51.100.1/32 198.51.100.2/32 203.0.113.7/32",
    );
    check(
        "# by hand\nadd element inet t s { 192.0.2.1, 192.0.2.2,\n  2001:db8::/32, }\nadd element t other { $LAN, 192.0.2.9 . 443, 192.0.2.8 : drop }\n",
        "nft 3/1/2: 192.0.2.1/32 192.0.2.2/32 2001:db8::/32",
    );
    for cut in [
        "table ip t { set s { type ipv4_addr; elements = { 192.0.2.1,",
        "add element ip t s { 192.0.2.1 comment \"x",
    ] {
        assert!(matches!(read(cut), Err(Refusal::Incomplete(_))), "{cut}");
    }
}

#[test]
fn tor_writes_ipv4_as_numbers() {
    check(
        "# Last updated\n3221225984,3221226239,AU\n3325256704,3325256705,??\n",
        "tor-geoip 2/0/0: 192.0.2.0/24 198.51.100.0/31",
    );
    check(
        "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,US\n",
        "tor-geoip 1/0/0: 2001:db8::/32",
    );
}

#[test]
fn a_quote_that_is_not_closed_does_not_swallow_the_rest() {
    let text = "a,192.0.2.1\n\"b,192.0.2.2\nc,192.0.2.3\n";
    let columns = Columns {
        address: 2,
        ..Columns::default()
    };
    let refusal = read_as(Format::Columns(columns), text).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "it is not complete: the quote in line 2 is not closed there"
    );
}

#[test]
fn columns_are_read_as_described() {
    let columns = Columns {
        separator: b';',
        header: true,
        address: 2,
        only: Some((3, "c2".to_owned())),
        ..Columns::default()
    };
    let text = "name;address;kind\nx;192.0.2.1;c2\n\"a;b\";\"198.51.100.0/24\";c2\ny;192.0.2.2;scanner\nz;nothing;c2\n";
    let parsed = read_as(Format::Columns(columns.clone()), text).unwrap();
    assert_eq!(
        shown(&parsed),
        "columns 2/1/1: 192.0.2.1/32 198.51.100.0/24"
    );
    assert!(
        parsed.samples[0]
            .to_string()
            .starts_with("list.txt:5:1: error: \"z;nothing;c2\"")
    );
    let ports = Columns {
        port: true,
        only: None,
        ..columns
    };
    let text = "x;192.0.2.1:80\ny;[2001:db8::1]:80\nz;192.0.2.3\n";
    let parsed = read_as(Format::Columns(ports), text).unwrap();
    assert_eq!(
        shown(&parsed),
        "columns 3/0/0: 192.0.2.1/32 192.0.2.3/32 2001:db8::1/128"
    );
    let split = Columns {
        prefix: Some(2),
        ..Columns::default()
    };
    let parsed = read_as(
        Format::Columns(split),
        "192.0.2.0,24\n2001:db8::,32\n192.0.2.0,0\n",
    )
    .unwrap();
    assert_eq!(shown(&parsed), "columns 2/1/0: 192.0.2.0/24 2001:db8::/32");
}
