//! Formats of names.

use super::*;

#[test]
fn hosts_files_block_the_names_of_null_addresses_each_exactly() {
    check(
        concat!(
            "# made-up\n127.0.0.1 localhost\n::1 ip6-localhost\nfe80::1%lo0 localhost\n0.0.0.0 0.0.0.0\n",
            "0.0.0.0 Ads.Example.com\n0.0.0.0 a.example.net b.example.net   # two names\n",
            "127.0.0.1\ttrack.example.org\n0.0.0.0 203.0.113.7\n",
            "192.0.2.5 intranet.example.org        # a mapping: NOT a block\n0.0.0.0 not_a-name-\u{e9}.example\n",
        ),
        "hosts 5/1/2: 203.0.113.7/32 =a.example.net =ads.example.com =b.example.net =track.example.org",
    );
}

#[test]
fn plain_names_mean_themselves_and_wildcards_all_below_too() {
    check(
        "# made-up\nads.example.com\nTRACK.example.net.  # x\nxn--caf-dma.example\n_dmarc.example.org\n192.0.2.1\n",
        "domains 4/0/1: =_dmarc.example.org =ads.example.com =track.example.net =xn--caf-dma.example",
    );
    check(
        "*.track.example.net\n.squid.example\nads.example.com\ncom\n*.*.example\n",
        "wildcard 3/2/0: =ads.example.com *squid.example *track.example.net",
    );
}

#[test]
fn ad_blockers_rules_count_only_if_they_are_about_whole_names() {
    check(
        concat!(
            "[Adblock Plus]\n! Title: made-up\n||ads.example.com^\n||track.example.net^$important\n",
            "@@||ok.ads.example.com^\n||192.0.2.7^\n@@||192.0.2.9^\n198.51.100.1\nbare.example.org\n",
            "||cdn.example.com^$third-party\n||example.com/ads/*\n||ad-*.example.com^\n/banner/\nexample.com##.ad\n##.ad\n|https://example.com\n",
            "||com^\n",
        ),
        concat!(
            "adblock 7/1/7: 192.0.2.7/32 198.51.100.1/32 -192.0.2.9/32 *ads.example.com =bare.example.org ",
            "*track.example.net -*ok.ads.example.com"
        ),
    );
}

#[test]
fn dnsmasq_blocks_what_has_no_target() {
    check(
        concat!(
            "# made-up\naddress=/ads.example.com/#\nlocal=/track.example.net/\naddress=/a.example.org/b.example.org/0.0.0.0\n",
            "server=/void.example.com/\naddress=/six.example.com/::\nserver=/corp.example.org/192.0.2.53\n",
            "address=/mapped.example.org/192.0.2.1\nserver=/else.example/#\n",
        ),
        concat!(
            "dnsmasq 6/0/3: *a.example.org *ads.example.com *b.example.org *six.example.com *track.example.net ",
            "*void.example.com"
        ),
    );
    let everything = "address=/ads.example.com/\naddress=/#/0.0.0.0\n";
    assert_eq!(
        read(everything).unwrap_err(),
        Refusal::Everything { line: 2 }
    );
}

#[test]
fn unbound_blocks_by_the_type_of_the_zone() {
    check(
        concat!(
            "server:\nlocal-zone: \"ads.example.com.\" always_null\nlocal-zone: track.example.net refuse # x\n",
            "local-zone: \"ok.example.org.\" transparent\nlocal-data: \"ads.example.com. A 0.0.0.0\"\n",
        ),
        "unbound 2/0/1: *ads.example.com *track.example.net",
    );
    let everything = "local-zone: \".\" refuse\n";
    assert_eq!(
        read(everything).unwrap_err(),
        Refusal::Everything { line: 1 }
    );
}

#[test]
fn policy_zones_block_names_and_addresses_of_answers() {
    check(
        concat!(
            "$TTL 60\n@ SOA localhost. root.localhost. (\n 2026010101 ; serial\n 3600 600 86400 60 )\n  NS localhost.\n",
            "bad.example CNAME .\n*.bad.example 60 IN CNAME *.\nBAD.example.com 300 CNAME rpz-drop.\n",
            "24.0.2.0.192.rpz-ip CNAME .          ; 192.0.2.0/24\n48.zz.db8.2001.rpz-ip CNAME .        ; 2001:db8::/48\n",
            "128.1.zz.rpz-ip CNAME .\n128.1.zz.db8.2001.rpz-ip CNAME rpz-passthru.\nok.example CNAME rpz-passthru.\n",
            "else.example CNAME walled.example.net.\nmapped.example A 192.0.2.1\n32.9.2.0.192.rpz-client-ip CNAME .\n",
        ),
        concat!(
            "rpz 8/0/3: 192.0.2.0/24 ::1/128 2001:db8::/48 -2001:db8::1/128 =bad.example *.bad.example ",
            "=bad.example.com -=ok.example"
        ),
    );
    check(
        "$ORIGIN rpz.example.net.\n@ SOA a. b. 1 2 3 4 5\nbad.example.rpz.example.net. CNAME .\n",
        "rpz 1/0/0: =bad.example",
    );
    assert_eq!(
        read("$TTL 60\n* CNAME .\n").unwrap_err(),
        Refusal::Everything { line: 2 }
    );
    assert!(matches!(
        read("$TTL 60\n$INCLUDE other\n"),
        Err(Refusal::OtherKind(_))
    ));
}

#[test]
fn one_list_in_six_formats_is_one_set_of_names() {
    let names = ["ads.example.com", "track.example.net", "a.b.example.org"];
    let list =
        |line: &dyn Fn(&str) -> String| names.iter().map(|name| line(name)).collect::<String>();
    let suffixes = [
        list(&|name| format!("||{name}^\n")),
        list(&|name| format!("address=/{name}/#\n")),
        list(&|name| format!("local-zone: \"{name}.\" always_null\n")),
        list(&|name| format!("*.{name}\n")),
    ];
    let exact = [
        list(&|name| format!("0.0.0.0 {name}\n")),
        list(&|name| format!("{name}\n")),
    ];
    for (texts, mark) in [(&suffixes[..], '*'), (&exact[..], '=')] {
        let expected: Vec<String> = ["a.b.example.org", "ads.example.com", "track.example.net"]
            .map(|name| format!("{mark}{name}"))
            .to_vec();
        for text in texts {
            assert_eq!(scoped(&read(text).unwrap().domains), expected, "{text}");
        }
    }
}
