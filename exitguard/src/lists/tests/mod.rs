//! The formats, each from a small made-up list, and what is refused.

mod addresses;
mod documents;
mod files;
mod names;
mod plain;
mod properties;
mod refusals;
mod safety;
mod search;

use super::*;

/// What a list is read as. The format is found out.
fn read(text: impl AsRef<[u8]>) -> Result<Parsed, Refusal> {
    parse_bytes(Path::new("list.txt"), text.as_ref(), None)
}

fn read_as(format: impl Into<Format>, text: impl AsRef<[u8]>) -> Result<Parsed, Refusal> {
    parse_bytes(Path::new("list.txt"), text.as_ref(), Some(&format.into()))
}

fn nets(entries: &Entries) -> Vec<String> {
    let v4 = entries.v4().map(|net| net.to_string());
    let v6 = entries.v6().map(|net| net.to_string());
    v4.chain(v6).collect()
}

fn scoped(domains: &Domains) -> Vec<String> {
    let write = |(name, scope)| match scope {
        Scope::Exact => format!("={name}"),
        Scope::Suffix => format!("*{name}"),
        Scope::Below => format!("*.{name}"),
    };
    domains.iter().map(write).collect()
}

/// Format, counts (valid, invalid, of other kinds), and everything that was found: `-` is an exception, `=` a
/// name, `*` a name and all below it, `*.` all below it.
fn shown(parsed: &Parsed) -> String {
    let Stats {
        valid,
        invalid,
        skipped,
        ..
    } = parsed.stats;
    let except = |all: Vec<String>| all.into_iter().map(|one| format!("-{one}"));
    let found: Vec<String> = nets(&parsed.entries)
        .into_iter()
        .chain(except(nets(&parsed.exceptions)))
        .chain(scoped(&parsed.domains))
        .chain(except(scoped(&parsed.domain_exceptions)))
        .collect();
    let name = parsed.format.name();
    format!("{name} {valid}/{invalid}/{skipped}: {}", found.join(" "))
}

/// Reads the list as found out and as named: both have to give what is expected.
#[track_caller]
fn check(text: &str, expected: &str) {
    let found = read(text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"));
    assert_eq!(shown(&found), expected, "{:?}", found.samples);
    let named = read_as(found.format.clone(), text).unwrap();
    assert_eq!(shown(&named), expected);
    // Line ends of other systems, and a mark at the beginning, change nothing.
    for ends in ["\r\n", "\r"] {
        let text = format!("\u{feff}{}", text.replace('\n', ends));
        assert_eq!(shown(&read(&text).unwrap()), expected, "{text:?}");
    }
}
