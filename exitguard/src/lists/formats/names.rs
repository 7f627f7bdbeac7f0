//! Lists of names: hosts files, and a name a line.

use super::super::text::{before, lines, words};
use super::super::token::{Item, item, single};
use super::super::{Collector, Scope};

/// Names that every hosts file gives to this machine and its network.
const LOCAL: [&str; 11] = [
    "localhost",
    "localhost.localdomain",
    "local",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-allhosts",
];

/// `0.0.0.0 name name`. A name with another address is a mapping: nothing is blocked by it.
pub(super) fn hosts<'b>(bytes: &'b [u8], found: &mut Collector<'b>) {
    found.set_hint("a line is 0.0.0.0 and the names to block");
    for line in lines(bytes) {
        let content = before(line, b'#');
        let mut words = words(content);
        let Some(addr) = words.next() else {
            if !line.is_empty() {
                found.comment();
            }
            continue;
        };
        if !is_null(addr) {
            match single(addr) {
                Some(_) => found.skip(),
                // Addresses of an interface, which the lists of some systems begin with.
                None if addr.starts_with(b"fe80::") => found.skip(),
                None => found.invalid(content, "does not begin with an address"),
            }
            continue;
        }
        for word in words {
            let is_local = LOCAL
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
            if is_local || is_null(word) {
                found.comment();
            } else if single(word).is_some() {
                found.item(word, item(word));
            } else {
                found.name(word, Scope::Exact);
            }
        }
    }
}

/// Whether it is an address that leads nowhere: unspecified or loopback.
pub(in super::super) fn is_null(addr: &[u8]) -> bool {
    match single(addr) {
        Some(Item::V4(addr, _)) => addr == 0 || addr >> 24 == 127,
        Some(Item::V6(addr, _)) => addr <= 1,
        _ => false,
    }
}

/// A name a line; with `below`, `*.name` and `.name` are that name and all below it.
pub(super) fn domains<'b>(bytes: &'b [u8], below: bool, found: &mut Collector<'b>) {
    found.set_hint("a line is one domain name");
    for line in lines(bytes) {
        let word = before(line, b'#');
        let word = if word.starts_with(b"!") || word.starts_with(b";") {
            &[]
        } else {
            word
        };
        if word.is_empty() {
            if !line.is_empty() {
                found.comment();
            }
        } else if single(word).is_some() {
            // Not what the list is for: who wants these blocked names a format of addresses.
            found.skip();
        } else {
            let name = below.then(|| word.strip_prefix(b"*.").or(word.strip_prefix(b".")));
            match name.flatten() {
                Some(name) => found.name(name, Scope::Suffix),
                None => found.name(word, Scope::Exact),
            }
        }
    }
}
