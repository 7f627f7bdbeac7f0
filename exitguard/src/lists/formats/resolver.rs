//! Configuration of resolvers: dnsmasq and unbound.

use super::super::text::{before, lines, unquoted, words};
use super::super::token::split_once;
use super::super::{Collector, Refusal, Scope};
use super::names::is_null;

/// `address=/name/`, `local=/name/`, `server=/name/`. With a target that answers it is no block.
pub(super) fn dnsmasq<'b>(bytes: &'b [u8], found: &mut Collector<'b>) -> Result<(), Refusal> {
    for line in lines(bytes) {
        if line.is_empty() || line.starts_with(b"#") {
            if !line.is_empty() {
                found.comment();
            }
            continue;
        }
        // `#` is a target, too: a comment stands after a blank.
        let line_end = memchr::memmem::find(line, b" #").unwrap_or(line.len());
        let content = line.get(..line_end).unwrap_or_default().trim_ascii();
        let Some((key, value)) = split_once(content, b'=') else {
            found.skip();
            continue;
        };
        let key = key.trim_ascii();
        let is_about_names = matches!(key, b"address" | b"server" | b"local");
        let Some(value) = value
            .trim_ascii()
            .strip_prefix(b"/")
            .filter(|_| is_about_names)
        else {
            found.skip();
            continue;
        };
        let mut parts: Vec<&[u8]> = value.split(|byte| *byte == b'/').collect();
        let target = parts.pop().unwrap_or_default();
        let blocks =
            target.is_empty() || (key == b"address" && (target == b"#" || is_null(target)));
        if parts.is_empty() {
            found.invalid(content, "names nothing between its slashes");
        } else if !blocks {
            found.skip();
        } else {
            for name in parts {
                if matches!(name, b"#" | b"") {
                    let line = found.line_of(line);
                    return Err(Refusal::Everything { line });
                }
                found.name(name, Scope::Suffix);
            }
        }
    }
    Ok(())
}

/// Types of unbound's local zones that answer nothing, or nothing that leads anywhere.
const BLOCKING: [&[u8]; 10] = [
    b"always_nxdomain",
    b"always_null",
    b"always_nodata",
    b"always_refuse",
    b"always_deny",
    b"refuse",
    b"deny",
    b"static",
    b"redirect",
    b"inform_deny",
];

/// `local-zone: "name" type`.
pub(super) fn unbound<'b>(bytes: &'b [u8], found: &mut Collector<'b>) -> Result<(), Refusal> {
    for line in lines(bytes) {
        let content = before(line, b'#');
        if content.is_empty() {
            if !line.is_empty() {
                found.comment();
            }
            continue;
        }
        let Some((key, value)) = split_once(content, b':') else {
            found.invalid(content, "is no option of unbound");
            continue;
        };
        if key.trim_ascii() != b"local-zone" {
            // The section it stands in, and answers for names that have a zone here.
            found.comment();
            continue;
        }
        let mut words = words(value);
        let (Some(name), Some(kind)) = (words.next(), words.next()) else {
            found.invalid(content, "has no name or no type");
            continue;
        };
        let name = unquoted(name);
        if !BLOCKING.contains(&unquoted(kind)) {
            found.skip();
        } else if name == b"." {
            let line = found.line_of(line);
            return Err(Refusal::Everything { line });
        } else {
            found.name(name, Scope::Suffix);
        }
    }
    Ok(())
}
