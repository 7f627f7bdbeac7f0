//! Plain lists: what people write by hand, and where they hear about mistakes.

use super::*;
use crate::diagnostic::SourceFile;

fn parse(text: &str) -> Result<(Vec<String>, Vec<String>), Vec<String>> {
    let mut warnings = Vec::new();
    let file = SourceFile::new("list.txt", text);
    let show = |all: &[Diagnostic]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    match super::super::parse(&file, &mut warnings) {
        Ok(entries) => Ok((nets(&entries), show(&warnings))),
        Err(errors) => Err(show(&errors)),
    }
}

#[test]
fn reads_addresses_prefixes_ranges_comments_and_blank_lines() {
    let text = "# header\n192.0.2.1\n  198.51.100.0/24 ; inline\n\n2001:db8::/32#x\n;\n// more\n203.0.113.7";
    let expected = "plain 4/0/0: 192.0.2.1/32 198.51.100.0/24 203.0.113.7/32 2001:db8::/32";
    check(text, expected);
    check(
        "192.0.2.0/255.255.255.128\n198.51.100.4-198.51.100.9\n203.0.113.0 - 203.0.113.1 # x\n2001:db8::-2001:db8::1\n",
        "plain 4/0/0: 192.0.2.0/25 198.51.100.4/30 198.51.100.8/31 203.0.113.0/31 2001:db8::/127",
    );
    check("# nothing yet\n", "plain 0/0/0: ");
}

#[test]
fn a_score_or_a_comment_may_follow_the_address() {
    check(
        "192.0.2.7\t12\n198.51.100.0/24 // words\n203.0.113.9 # host.example.net\n",
        "plain 3/0/0: 192.0.2.7/32 198.51.100.0/24 203.0.113.9/32",
    );
}

#[test]
fn ipv4_in_ipv6_is_ipv4() {
    check(
        "::ffff:192.0.2.1\n::ffff:198.51.100.0/120\n",
        "plain 2/0/0: 192.0.2.1/32 198.51.100.0/24",
    );
}

#[test]
fn says_where_a_line_is_wrong_and_takes_nothing() {
    for (text, position, word) in [
        ("192.0.2.1\nexample.com\n", "2:1", "example.com"),
        ("  10.0.0.0/33", "1:3", "10.0.0.0/33"),
        ("2001:db8::/129", "1:1", "2001:db8::/129"),
        ("192.0.2.1/+8", "1:1", "192.0.2.1/+8"),
        ("192.0.2.01", "1:1", "192.0.2.01"),
        ("192.0.2.1 192.0.2.2", "1:1", "192.0.2.1 192.0.2.2"),
        ("192.0.2.1 AS64496", "1:1", "192.0.2.1 AS64496"),
        ("192.0.2.1/", "1:1", "192.0.2.1/"),
        ("192.0.2.1\n0.0.0.0/0", "2:1", "0.0.0.0/0"),
        ("::/0", "1:1", "::/0"),
        ("::ffff:0.0.0.0/96", "1:1", "::ffff:0.0.0.0/96"),
        ("0.0.0.0-255.255.255.255", "1:1", "0.0.0.0-255.255.255.255"),
        ("192.0.2.9-192.0.2.1", "1:1", "192.0.2.9-192.0.2.1"),
        ("192.0.2.0/0.0.0.255", "1:1", "192.0.2.0/0.0.0.255"),
        ("192.0.2.0/255.0.255.0", "1:1", "192.0.2.0/255.0.255.0"),
        ("192.0.2.1:443", "1:1", "192.0.2.1:443"),
        ("fe80::1%eth0\n192.0.2.1", "1:1", "fe80::1%eth0"),
        ("192.0.2.1\n# x\n\u{a0}192.0.2.2", "3:1", "\u{a0}192.0.2.2"),
    ] {
        let errors = parse(text).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        let start = format!("list.txt:{position}: error: \"{}\"", word.escape_debug());
        assert!(errors[0].starts_with(&start), "{start}\n{errors:?}");
    }
}

#[test]
fn a_common_mistake_is_called_by_its_name() {
    for (text, why) in [
        ("192.0.2.01", "leading zero"),
        ("192.0.2.1:443", "with a port"),
        ("[2001:db8::1]:443\n192.0.2.1", "with a port"),
        ("192.0.2.1\nads.example.com", "is a name"),
        ("192.0.2.0/33", "has to be 1 to 32"),
        ("0.0.0.0/0", "every address there is"),
        ("192.0.2.9-192.0.2.1", "its end is before its start"),
        ("192.0.2.9-2001:db8::1", "the other IPv6"),
        ("192.0.2.0/0.0.0.255", "netmask"),
    ] {
        let errors = parse(text).unwrap_err();
        assert!(errors[0].contains(why), "{why}: {errors:?}");
    }
}

#[test]
fn masks_host_bits_and_says_so_once() {
    let (nets, warnings) = parse("192.0.2.77/24\n2001:db8::1/64\n").unwrap();
    assert_eq!(nets, ["192.0.2.0/24", "2001:db8::/64"]);
    assert_eq!(warnings.len(), 1);
    let start = "list.txt:1:1: warning: 2 prefixes";
    assert!(warnings[0].starts_with(start), "{warnings:?}");
}

#[test]
fn a_list_that_does_not_do_all_it_says_is_a_warning() {
    let (nets, warnings) = parse("||ads.example.com^\n||192.0.2.7^\n").unwrap();
    assert_eq!(nets, ["192.0.2.7/32"]);
    let told =
        "list.txt:1:1: warning: its names (1) are not enforced yet, only its prefixes (1) are";
    assert_eq!(warnings, [told]);
}

#[test]
fn of_many_wrong_lines_the_first_ten_are_shown() {
    let errors = parse(&format!("192.0.2.1\n{}", "192.0.2\n".repeat(1000))).unwrap_err();
    assert_eq!(errors.len(), 10);
    assert!(errors[9].starts_with("list.txt:11:1:"), "{errors:?}");
}

#[test]
fn what_is_no_list_at_all_is_refused_as_a_whole() {
    for text in ["<html>\n", "some prose, not a list\n", ""] {
        let errors = parse(&text.repeat(1000)).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with("list.txt:1:1: error: this list is not taken"));
    }
}

/// A list of so many addresses and so many lines that are none.
fn with_wrong_lines(right: u32, wrong: usize) -> String {
    let line = |n: u32| format!("2001:db8::{:x}:{:x}\n", n >> 16, n & 0xffff);
    let mut text: String = (0..right).map(line).collect();
    text.push_str(&"2001:db8::x\n".repeat(wrong));
    text
}

#[test]
fn a_long_list_may_have_a_few_wrong_lines_a_short_one_may_not() {
    for (right, wrong, taken) in [
        (999, 1, false),
        (1_000, 1, true),
        (1_900, 100, true),
        (1_900, 101, false),
    ] {
        let parsed = read(with_wrong_lines(right, wrong)).unwrap();
        assert_eq!(
            parsed.judge().is_ok(),
            taken,
            "{right} right, {wrong} wrong"
        );
        assert_eq!(parsed.stats.invalid, wrong);
    }
}

#[test]
fn wrong_lines_of_a_long_list_are_a_warning_from_a_thousandth_on() {
    let warnings = |right, wrong| parse(&with_wrong_lines(right, wrong)).unwrap().1;
    assert_eq!(warnings(2_000, 1), [""; 0]);
    let told = warnings(1_998, 2);
    assert_eq!(told.len(), 1);
    let start = "list.txt:1999:1: warning: 2 of 2000 entries cannot be read, this is the first";
    assert!(told[0].starts_with(start), "{told:?}");
}

#[test]
fn what_is_there_twice_is_kept_once_and_counted() {
    let parsed = read("192.0.2.1\n192.0.2.1/32\n192.0.2.0/24\n192.0.2.1-192.0.2.1\n").unwrap();
    assert_eq!(shown(&parsed), "plain 4/0/0: 192.0.2.0/24 192.0.2.1/32");
    assert_eq!(parsed.stats.duplicates, 2);
    assert_eq!(parsed.stats.lines, 4);
}

#[test]
fn very_short_prefixes_are_counted() {
    let parsed = read("16.0.0.0/6\n10.0.0.0/8\n2600::/12\n2001::/16\n0.0.0.0-127.0.0.0\n").unwrap();
    assert_eq!(parsed.stats.too_short, 3);
}
