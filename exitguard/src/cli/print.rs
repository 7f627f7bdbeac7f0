//! To stdout. A reader that is gone is not an error.

use exitguard::exit_code::Exit;
use std::io::{self, ErrorKind, Write};

/// Prints text as it is.
pub(super) fn text(text: &str) -> anyhow::Result<Exit> {
    bytes(text.as_bytes())
}

/// Prints a value as JSON, and a newline.
pub(super) fn json(value: &impl serde::Serialize) -> anyhow::Result<Exit> {
    let mut json = serde_json::to_string_pretty(value)?;
    json.push('\n');
    text(&json)
}

/// Prints bytes as they are.
pub(super) fn bytes(bytes: &[u8]) -> anyhow::Result<Exit> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Ok),
    }
}
