//! Configurations.

use std::path::Path;

use exitguard::config::{self, Checked, ConfigError};
use exitguard::diagnostic::Diagnostic;
use exitguard::explain::{Destination, explain};
use exitguard::lists::{Entries, LoadedList};
use exitguard::policy::{Network, compile};

/// The bytes of a file: a policy, or diagnostics in order, each with a place, a hint, and nothing in it that a
/// terminal obeys.
pub(super) fn config(bytes: &[u8]) {
    match config::parse_bytes(Path::new("exitguard.toml"), bytes.to_vec()) {
        Ok(checked) => {
            shown(&checked.warnings);
            compiles(&checked);
        }
        Err(ConfigError::Invalid { diagnostics, .. }) => {
            assert!(!diagnostics.is_empty());
            shown(&diagnostics);
        }
        Err(error @ ConfigError::Read { .. }) => {
            assert!(!error.to_string().is_empty(), "there is no file to read");
        }
    }
}

fn shown(diagnostics: &[Diagnostic]) {
    let mut last = (1, 1);
    for diagnostic in diagnostics {
        let position = diagnostic.position();
        assert!(position >= last, "{diagnostic}");
        last = position;
        assert!(diagnostic.has_hint(), "{diagnostic}");
        sound(diagnostic);
    }
}

/// A diagnostic says something, and nothing that moves a terminal's cursor.
pub(super) fn sound(diagnostic: &Diagnostic) {
    assert!(!diagnostic.message().is_empty());
    let is_quiet = |text: &str| !text.contains(|c: char| c.is_control() && c != '\n');
    assert!(is_quiet(&diagnostic.render(false)), "{diagnostic:?}");
    assert!(!diagnostic.render(true).is_empty());
    let line = diagnostic.to_string();
    assert!(!line.contains(char::is_control), "{line:?}");
}

/// What is a valid configuration can be put in force, and asked.
fn compiles(checked: &Checked) {
    let config = &checked.config;
    let empty = |list: &config::List| LoadedList {
        name: list.name.clone(),
        action: list.action,
        entries: Entries::default(),
        left_out: Entries::default(),
        names: 0,
    };
    let lists: Vec<_> = config.lists.iter().map(empty).collect();
    let compiled = compile(config, lists, &Network::default());
    assert!(compiled.is_ok(), "{:?}", compiled.err());
    let destination = "203.0.113.7:443".parse::<Destination>();
    if let (Ok((policy, labels)), Ok(destination)) = (compiled, destination) {
        let clients = config.clients.iter().flat_map(|client| &client.prefixes);
        for prefix in clients.take(4) {
            let told = explain(&policy, &labels, prefix.addr(), &destination);
            assert_ne!(told.rule, "unknown");
        }
    }
}
