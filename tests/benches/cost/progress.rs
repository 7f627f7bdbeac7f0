//! What is going on, for who is watching.

use std::io::{IsTerminal, stderr};

/// Says what is measured now, on a terminal.
pub(crate) fn tell(what: &str) {
    if stderr().is_terminal() {
        eprintln!("· {what}");
    }
}
