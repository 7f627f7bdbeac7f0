//! What files mean, and what is said about files that mean nothing.
//!
//! A mistake is a file in `tests/fixtures/config/invalid`, a way to write something right is one in `valid`;
//! the snapshots beside this file hold what is made of them.

mod effective;
mod example;
mod properties;
mod tables;

use super::*;
use effective::effective;
use std::collections::BTreeSet;

const FIXTURES: &str = "tests/fixtures/config";

fn parse_text(text: &str) -> Result<Checked, ConfigError> {
    parse(&SourceFile::new("exitguard.toml", text))
}

/// The configuration of a text without errors and warnings.
fn config(text: &str) -> Config {
    match parse_text(text) {
        Ok(checked) if checked.warnings.is_empty() => checked.config,
        other => panic!("{text}\n{other:?}"),
    }
}

fn diagnostics(error: ConfigError) -> Vec<Diagnostic> {
    match error {
        ConfigError::Invalid { diagnostics, .. } => diagnostics,
        other => panic!("{other}"),
    }
}

fn rendered(diagnostics: &[Diagnostic]) -> String {
    let all: Vec<_> = diagnostics.iter().map(|one| one.render(false)).collect();
    all.join("\n\n")
}

/// The fixtures of a folder, by name. Their paths are relative, so that they look the same everywhere.
fn fixtures(folder: &str) -> Vec<(String, PathBuf)> {
    let mut fixtures: Vec<_> = std::fs::read_dir(Path::new(FIXTURES).join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    fixtures.sort();
    fixtures
}

#[test]
fn each_mistake_is_explained_where_it_is() {
    for (name, path) in fixtures("invalid") {
        let diagnostics = diagnostics(load(&path).expect_err(&name));
        for diagnostic in &diagnostics {
            assert_eq!(diagnostic.severity(), crate::diagnostic::Severity::Error);
            assert!(diagnostic.has_hint(), "{name}: {diagnostic}");
        }
        insta::assert_snapshot!(format!("invalid-{name}"), rendered(&diagnostics));
    }
}

#[test]
fn each_right_file_means_what_it_says() {
    for (name, path) in fixtures("valid") {
        let checked = load(&path).unwrap_or_else(|error| {
            panic!("{name}: {}", rendered(&diagnostics(error)));
        });
        let warnings = rendered(&checked.warnings);
        let text = format!("{}\n{warnings}", effective(&checked.config));
        insta::assert_snapshot!(format!("valid-{name}"), text.trim_end());
    }
}

#[test]
fn each_snapshot_has_its_fixture() {
    let of_fixtures: BTreeSet<_> = ["valid", "invalid"]
        .into_iter()
        .flat_map(|folder| {
            fixtures(folder)
                .into_iter()
                .map(move |(name, _)| format!("{folder}-{name}"))
        })
        .collect();
    let of_snapshots: BTreeSet<_> = std::fs::read_dir("src/config/tests/snapshots")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|file| Some(file.strip_suffix(".snap")?.rsplit("__").next()?.to_owned()))
        .collect();
    assert_eq!(of_snapshots, of_fixtures);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    let error = load(Path::new("/nonexistent/exitguard.toml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read /nonexistent/exitguard.toml: No such file or directory (os error 2); \
         `exitguard config example` prints one to begin with"
    );
    let error = load(Path::new("/")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read /: Is a directory (os error 21)"
    );
}

#[test]
fn an_invalid_file_is_named() {
    let error = parse_text("mode = 1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "exitguard.toml is not a valid configuration"
    );
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text =
        "mode = 1\n[limits]\nflows = 0\n[egress]\ntcp = [0]\nzzz = 1\n[[client]]\n[allow]\na = 1\n";
    let diagnostics = diagnostics(parse_text(text).unwrap_err());
    let lines: Vec<_> = diagnostics.iter().map(|one| one.position().0).collect();
    assert_eq!(lines, [1, 3, 4, 5, 6, 7, 9], "{}", rendered(&diagnostics));
}
