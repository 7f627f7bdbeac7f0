//! The part of an ad blocker's language that is about whole names, whoever asks for them.

use super::super::text::{first_word, lines};
use super::super::token::{item, name, single};
use super::super::{Collector, Scope};

/// Takes `||name^`, `@@||name^`, addresses in their place, and bare names and addresses. All other rules
/// depend on the page, the path or the kind of request: blocking the whole name would go too far.
pub(super) fn read<'b>(bytes: &'b [u8], found: &mut Collector<'b>) {
    for line in lines(bytes) {
        if line.is_empty() {
            continue;
        }
        if line.starts_with(b"!")
            || line.starts_with(b"[")
            || line == b"#"
            || line.starts_with(b"# ")
        {
            found.comment();
        } else if let Some(rule) = line.strip_prefix(b"@@||") {
            match whole_name(rule) {
                Some(word) if single(word).is_some() => found.except(word, item(word)),
                Some(word) => found.except_name(word, Scope::Suffix),
                None => found.skip(),
            }
        } else if let Some(rule) = line.strip_prefix(b"||") {
            match whole_name(rule) {
                Some(word) if single(word).is_some() => found.word(word),
                Some(word) => found.name(word, Scope::Suffix),
                None => found.skip(),
            }
        } else if single(line).is_some() {
            found.word(line);
        } else if first_word(line).1.is_empty() && name(line).is_ok() {
            found.name(line, Scope::Exact);
        } else {
            found.skip();
        }
    }
}

/// The name of a rule that holds for all of it.
fn whole_name(rule: &[u8]) -> Option<&[u8]> {
    let name = rule
        .strip_suffix(b"^")
        .or_else(|| rule.strip_suffix(b"^$important"))?;
    let is_plain =
        |byte: &u8| !matches!(byte, b'*' | b'/' | b'^' | b'$' | b'|' | b'%' | b'?' | b'=');
    name.iter().all(is_plain).then_some(name)
}
