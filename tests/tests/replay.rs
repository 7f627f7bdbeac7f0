//! Everything that the fuzzers keep, once more: on any toolchain, without a fuzzer.
#![expect(
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

use exitguard::lists::{Named, parse_bytes};
use exitguard_tests::fuzz::{self, TARGETS};
use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;

fn folder(kind: &str, target: &str) -> PathBuf {
    xtask::root().join("fuzz").join(kind).join(target)
}

/// The files of a target, by name. There may be no such folder.
fn kept(kind: &str, target: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder(kind, target)) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn what_the_fuzzers_keep_is_fine_now() {
    let mut broken = Vec::new();
    for (target, _) in TARGETS {
        let corpus = kept("corpus", target);
        assert!(!corpus.is_empty(), "{target} has no corpus");
        for path in corpus.into_iter().chain(kept("crashes", target)) {
            let bytes = fs::read(&path).unwrap();
            if catch_unwind(|| fuzz::run(target, &bytes)).is_err() {
                broken.push(path);
            }
        }
    }
    assert_eq!(broken, Vec::<PathBuf>::new());
}

#[test]
fn every_target_is_built_and_no_folder_is_left_over() {
    let names: BTreeSet<String> = TARGETS.map(|(name, _)| name.to_owned()).into();
    let found = |folder: &str, end: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(xtask::root().join("fuzz").join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .map(|name| name.strip_suffix(end).unwrap().to_owned())
            .collect()
    };
    assert_eq!(found("fuzz_targets", ".rs"), names);
    assert_eq!(found("corpus", ""), names);
    let manifest = fs::read_to_string(xtask::root().join("fuzz/Cargo.toml")).unwrap();
    for name in names {
        let line = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&line), "{name} is not in the manifest");
    }
}

#[test]
fn there_is_a_list_of_every_format() {
    for format in Named::ALL {
        let path = folder("corpus", "list").join(format.name());
        let parsed = parse_bytes(&path, &fs::read(&path).unwrap(), None).unwrap();
        assert_eq!(parsed.format, (*format).into());
        assert!(parsed.stats.valid > 0, "{}", path.display());
    }
}
