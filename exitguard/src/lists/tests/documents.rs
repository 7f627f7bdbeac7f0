//! JSON.

use super::*;

const DROP: &str = concat!(
    "{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL000001\",\"rir\":\"arin\"}\n",
    "{\"cidr\":\"2001:db8::\\/32\",\"sblid\":\"SBL000002\",\"rir\":\"ripencc\"}\n",
    "{\"type\":\"metadata\",\"timestamp\":1790072042,\"size\":104461,\"records\":2}\n",
);

#[test]
fn spamhaus_lines_end_with_how_many_there_are() {
    check(DROP, "spamhaus-json 2/0/0: 192.0.2.0/24 2001:db8::/32");
    for text in [
        DROP.replace("\"records\":2", "\"records\":3"),
        DROP.lines()
            .take(2)
            .map(|line| format!("{line}\n"))
            .collect(),
        DROP[..DROP.len() / 2].to_owned(),
    ] {
        let refusal = read(&text).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Incomplete(_)),
            "{text}\n{refusal}"
        );
    }
}

#[test]
fn a_list_of_autonomous_systems_is_not_read_as_empty() {
    let text = "{\"asn\":64496,\"rir\":\"arin\",\"asname\":\"EXAMPLE\"}\n{\"type\":\"metadata\",\"records\":1}\n";
    assert!(matches!(read(text), Err(Refusal::OtherKind(_))));
}

#[test]
fn feodo_ipverse_and_crowdsec_are_told_by_their_keys() {
    check(
        "[{\"ip_address\":\"192.0.2.2\",\"port\":8443,\"status\":\"online\"},\n {\"ip_address\":\"2001:db8::2\"},{\"ip_address\":7}]",
        "feodo-json 2/1/0: 192.0.2.2/32 2001:db8::2/128",
    );
    check(
        "{\"countryCode\":\"XX\",\"prefixes\":{\"ipv4\":[\"192.0.2.0/24\"],\"ipv6\":[\"2001:db8::/32\"]}}",
        "ipverse 2/0/0: 192.0.2.0/24 2001:db8::/32",
    );
    let decisions = "[{\"duration\":\"4h\",\"scope\":\"Ip\",\"type\":\"ban\",\"value\":\"192.0.2.4\"},{\"scope\":\"range\",\"type\":\"ban\",\"value\":\"198.51.100.0/24\"},{\"scope\":\"AS\",\"type\":\"ban\",\"value\":\"64496\"},{\"scope\":\"ip\",\"type\":\"captcha\",\"value\":\"192.0.2.5\"}]";
    check(decisions, "crowdsec 2/0/2: 192.0.2.4/32 198.51.100.0/24");
    let stream = format!(
        "{{\"deleted\":[{{\"scope\":\"ip\",\"value\":\"192.0.2.9\"}}],\"new\":{decisions}}}"
    );
    check(&stream, "crowdsec 2/0/2: 192.0.2.4/32 198.51.100.0/24");
    check("{\"new\":null,\"deleted\":null}", "crowdsec 0/0/0: ");
    check(
        "duration,scope,value,type\n4h,ip,192.0.2.4,ban\n4h,country,XX,ban\n",
        "crowdsec-csv 1/0/1: 192.0.2.4/32",
    );
}

#[test]
fn nft_writes_elements_in_four_ways() {
    let text = r#"{"nftables": [{"metainfo": {"version": "1.0.6"}},
        {"set": {"family": "inet", "name": "s", "type": "ipv4_addr", "elem": [
            "192.0.2.1", {"prefix": {"addr": "198.51.100.0", "len": 24}},
            {"range": ["203.0.113.0", "203.0.113.3"]},
            {"elem": {"val": {"prefix": {"addr": "192.0.2.64", "len": 26}}, "timeout": 60}},
            {"prefix": {"addr": "0.0.0.0", "len": 0}}]}},
        {"set": {"name": "p", "type": ["ipv4_addr", "inet_service"], "elem": [{"concat": ["192.0.2.9", 443]}]}},
        {"add": {"element": {"family": "inet", "name": "s", "elem": ["2001:db8::1"]}}}]}"#;
    check(
        text,
        "nft-json 5/1/1: 192.0.2.1/32 192.0.2.64/26 198.51.100.0/24 203.0.113.0/30 2001:db8::1/128",
    );
}

fn selected(pointer: &str, field: Option<&str>, text: &str) -> Result<String, Refusal> {
    let selection = Selection {
        pointer: pointer.to_owned(),
        field: field.map(str::to_owned),
    };
    read_as(Format::Json(selection), text).map(|parsed| shown(&parsed))
}

#[test]
fn a_pointer_leads_to_addresses_in_any_document() {
    let text = r#"{"a/b": [{"cidr": "192.0.2.0/24"}, {"cidr": "nonsense"}, {"v6": "2001:db8::/32"}],
        "hooks": ["198.51.100.0/24"], "deep": [{"ips": ["192.0.2.1"]}, {"ips": ["192.0.2.2"]}]}"#;
    let found = selected("/a~1b", Some("cidr"), text).unwrap();
    assert_eq!(found, "json 1/1/1: 192.0.2.0/24");
    assert_eq!(
        selected("/hooks", None, text).unwrap(),
        "json 1/0/0: 198.51.100.0/24"
    );
    let found = selected("/deep/*/ips", None, text).unwrap();
    assert_eq!(found, "json 2/0/0: 192.0.2.1/32 192.0.2.2/32");
    assert_eq!(
        selected("/deep/1/ips/0", None, text).unwrap(),
        "json 1/0/0: 192.0.2.2/32"
    );
    assert_eq!(
        selected("", None, "[\"192.0.2.1\"]").unwrap(),
        "json 1/0/0: 192.0.2.1/32"
    );
    assert!(matches!(
        selected("/nowhere", None, text),
        Err(Refusal::OtherKind(_))
    ));
}

#[test]
fn a_wrong_element_is_shown_where_it_stands() {
    let parsed = read("[\n  {\"ip_address\": \"192.0.2.2\"},\n  {\"ip_address\": \"x\"}]").unwrap();
    let sample = parsed.samples[0].to_string();
    assert!(sample.starts_with("list.txt:3:18: error: "), "{sample}");
}

#[test]
fn damaged_and_deeply_nested_documents_are_refused() {
    for text in [
        "[{\"ip_address\":\"192.0.2.2\"},{\"ip_addr".to_owned(),
        format!("{{\"prefixes\":{{\"ipv4\":{}", "[".repeat(100_000)),
        format!(
            "{{\"nftables\":[{{\"set\":{{\"elem\":[{}",
            "{\"elem\":{\"val\":".repeat(50_000)
        ),
        "[{\"ip_address\":\"192.0.2.2\"}] more".to_owned(),
    ] {
        let refusal = read(&text).unwrap_err();
        assert!(matches!(refusal, Refusal::DamagedJson(_)), "{refusal}");
    }
    let deep = "{\"elem\":{\"val\":".repeat(50_000) + "1" + &"}}".repeat(50_000);
    let text =
        format!("{{\"nftables\":[{{\"set\":{{\"type\":\"ipv4_addr\",\"elem\":[{deep}]}}}}]}}");
    assert_eq!(shown(&read(&text).unwrap()), "nft-json 0/1/0: ");
    assert_eq!(
        read("{\"what\": \"is this\"}").unwrap_err(),
        Refusal::Unknown
    );
}
