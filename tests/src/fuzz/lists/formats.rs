//! Formats by number.

use exitguard::lists::{Columns, Format, Named, Selection};

/// The format that a byte stands for: those with a name, then a few tables and JSON documents.
pub(super) fn choose(number: u8) -> Format {
    let described = [table(), semicolons(), ports(), objects(), texts()];
    let place = usize::from(number) % (Named::ALL.len() + described.len());
    let named = Named::ALL.get(place).copied().map(Format::from);
    let rest = described
        .into_iter()
        .nth(place.saturating_sub(Named::ALL.len()));
    named.or(rest).unwrap_or_else(table)
}

/// `name,192.0.2.0,192.0.2.255`
fn table() -> Format {
    Format::Columns(Columns {
        header: true,
        address: 2,
        end: Some(3),
        ..Columns::default()
    })
}

/// `3221225984;24;bad`
fn semicolons() -> Format {
    Format::Columns(Columns {
        separator: b';',
        quotes: false,
        integers: true,
        prefix: Some(2),
        only: Some((3, "bad".to_owned())),
        ..Columns::default()
    })
}

/// `"192.0.2.1:443"`
fn ports() -> Format {
    Format::Columns(Columns {
        port: true,
        ..Columns::default()
    })
}

/// `{"prefixes":{"a":{"net":"192.0.2.0/24"}}}`
fn objects() -> Format {
    Format::Json(Selection {
        pointer: "/prefixes/*".to_owned(),
        field: Some("net".to_owned()),
    })
}

/// `["192.0.2.1"]`
fn texts() -> Format {
    Format::Json(Selection::default())
}
