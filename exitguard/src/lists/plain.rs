//! The plain format: an address or a prefix a line, IPv4 and IPv6 mixed, `#` and `;` begin comments.

use super::Entries;
use crate::diagnostic::{Diagnostic, SourceFile};
use ipnet::IpNet;
use std::net::IpAddr;

/// Wrong lines reported before giving up on a file: it is probably of another format altogether.
pub(super) const MAX_ERRORS: usize = 10;

/// Reads a whole list.
///
/// # Errors
/// One diagnostic for each line that is no prefix, up to [`MAX_ERRORS`].
pub fn parse(
    file: &SourceFile,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Entries, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut masked = Vec::new();
    let nets = lines(file.text()).filter_map(|(start, word)| match prefix(word) {
        Ok(net) => {
            if net.trunc() != net {
                masked.push((start..start + word.len(), net));
            }
            Some(net.trunc())
        }
        Err(why) => {
            if errors.len() < MAX_ERRORS {
                let shown = word.escape_debug();
                errors.push(
                    file.error(
                        start..start + word.len(),
                        format!("\"{shown}\" is no address or prefix: {why}"),
                    )
                    .hint("a list has one address or prefix per line; # and ; begin comments"),
                );
            }
            None
        }
    });
    let entries: Entries = nets.collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    if let Some((span, net)) = masked.first() {
        let message = match masked.len() {
            1 => format!("{net} has bits beyond its prefix; taken as {}", net.trunc()),
            n => format!(
                "{n} prefixes have bits beyond their length, the first one is {net}, taken as {}",
                net.trunc()
            ),
        };
        warnings.push(file.warning(span.clone(), message));
    }
    Ok(entries)
}

/// The words that should be prefixes, each with its place in the text.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    // Some editors of other systems begin a file with a byte order mark.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut start = text.len() - body.len();
    body.split('\n').filter_map(move |line| {
        let line_start = start;
        start += line.len() + 1;
        let content = line.split(['#', ';']).next().unwrap_or_default();
        let word = content.trim();
        let indent = content.len() - content.trim_start().len();
        (!word.is_empty()).then_some((line_start + indent, word))
    })
}

fn prefix(word: &str) -> Result<IpNet, String> {
    let Some((addr, length)) = word.split_once('/') else {
        return word
            .parse::<IpAddr>()
            .map(IpNet::from)
            .map_err(|error| error.to_string());
    };
    let addr: IpAddr = addr.parse().map_err(|error| format!("{error}"))?;
    let longest = if addr.is_ipv4() { 32 } else { 128 };
    length
        .parse::<u8>()
        .ok()
        .filter(|_| length.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|length| IpNet::new(addr, length).ok())
        .ok_or_else(|| format!("the prefix length has to be 0 to {longest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<(Vec<String>, Vec<String>), Vec<String>> {
        let mut warnings = Vec::new();
        let file = SourceFile::new("list.txt", text);
        let show = |all: &[Diagnostic]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        match parse(&file, &mut warnings) {
            Ok(entries) => {
                let nets = entries
                    .v4()
                    .map(IpNet::from)
                    .chain(entries.v6().map(IpNet::from));
                Ok((nets.map(|net| net.to_string()).collect(), show(&warnings)))
            }
            Err(errors) => Err(show(&errors)),
        }
    }

    #[test]
    fn reads_addresses_prefixes_comments_and_blank_lines() {
        let text = "\u{feff}# header\r\n192.0.2.1\r\n  198.51.100.0/24 ; inline\n\n2001:db8::/32#x\n;\n203.0.113.7";
        let nets = [
            "192.0.2.1/32",
            "198.51.100.0/24",
            "203.0.113.7/32",
            "2001:db8::/32",
        ];
        assert_eq!(read(text), Ok((nets.map(str::to_owned).to_vec(), vec![])));
        assert_eq!(read(""), Ok((vec![], vec![])));
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
            ("192.0.2.1/", "1:1", "192.0.2.1/"),
        ] {
            let errors = read(text).unwrap_err();
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert!(
                errors[0].starts_with(&format!("list.txt:{position}: error: \"{word}\"")),
                "{errors:?}"
            );
        }
    }

    #[test]
    fn masks_host_bits_and_says_so_once() {
        let (nets, warnings) = read("192.0.2.77/24\n2001:db8::1/64\n").unwrap();
        assert_eq!(nets, ["192.0.2.0/24", "2001:db8::/64"]);
        assert_eq!(warnings.len(), 1);
        assert!(
            warnings[0].starts_with("list.txt:1:1: warning: 2 prefixes"),
            "{warnings:?}"
        );
    }

    #[test]
    fn gives_up_on_a_file_of_another_format_early() {
        let errors = read(&"<html>\n".repeat(1000)).unwrap_err();
        assert_eq!(errors.len(), MAX_ERRORS);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = read(&text);
        }

        #[test]
        fn never_panics_on_what_looks_like_a_list(text in "[0-9a-f:./#; \n\r]{0,200}") {
            let _ = read(&text);
        }
    }
}
