//! What `ipset save` prints and `ipset restore` reads.

use super::super::Collector;
use super::super::text::{lines, words};
use super::super::token::item;
use std::collections::HashSet;

/// Commands that say nothing about members.
const OTHER_COMMANDS: [&[u8]; 10] = [
    b"swap", b"destroy", b"flush", b"COMMIT", b"-W", b"-X", b"-F", b"rename", b"-E", b"quit",
];

/// Reads every set of addresses in the file; sets of other things are skipped.
pub(super) fn read<'b>(bytes: &'b [u8], found: &mut Collector<'b>) {
    found.set_hint(
        "a member is one address, prefix or range; shorthands like 192.0.2/24 are not read",
    );
    let mut skipped_sets = HashSet::new();
    for line in lines(bytes) {
        let mut words = words(line);
        let Some(command) = words.next() else {
            continue;
        };
        match command {
            _ if command.starts_with(b"#") => found.comment(),
            b"create" | b"-N" => {
                found.comment();
                if let (Some(name), Some(kind)) = (words.next(), words.next())
                    && !is_of_addresses(kind)
                {
                    skipped_sets.insert(name);
                }
            }
            b"add" | b"-A" => {
                let set = words.next().unwrap_or_default();
                let Some(member) = words.next() else {
                    found.invalid(line, "names no member");
                    continue;
                };
                if skipped_sets.contains(set) {
                    found.skip();
                } else if is_exception(words) {
                    found.except(member, item(member));
                } else {
                    found.word(member);
                }
            }
            _ if OTHER_COMMANDS.contains(&command) => found.comment(),
            _ => found.invalid(line, "is no command of ipset"),
        }
    }
}

fn is_of_addresses(kind: &[u8]) -> bool {
    matches!(
        kind,
        b"hash:ip" | b"hash:net" | b"bitmap:ip" | b"iphash" | b"nethash" | b"ipmap"
    )
}

/// Whether `nomatch` is among the options: outside of a comment, which may hold anything.
fn is_exception<'b>(options: impl Iterator<Item = &'b [u8]>) -> bool {
    let mut in_comment = false;
    for option in options {
        if in_comment {
            in_comment = !option.ends_with(b"\"");
        } else if let Some(comment) = option.strip_prefix(b"\"") {
            in_comment = !comment.ends_with(b"\"");
        } else if option == b"nomatch" {
            return true;
        }
    }
    false
}
