//! Says which BPF object goes into the binary (the committed one, or one that was just built) and where it comes
//! from.

use std::path::{Path, PathBuf};

const OBJECT: &str = "EXITGUARD_BPF_OBJECT";

fn main() {
    println!("cargo::rerun-if-env-changed={OBJECT}");
    let prebuilt = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exitguard-ebpf/prebuilt");
    let object =
        std::env::var_os(OBJECT).map_or_else(|| prebuilt.join("exitguard.o"), PathBuf::from);
    // Lies beside every object that `cargo xtask build-ebpf` makes.
    let manifest = object.with_file_name("manifest.toml");
    println!("cargo::rerun-if-changed={}", object.display());
    println!("cargo::rerun-if-changed={}", manifest.display());
    println!("cargo::rustc-env={OBJECT}={}", object.display());

    let manifest = std::fs::read_to_string(&manifest).unwrap_or_default();
    for (key, variable) in [
        ("object", "SHA256"),
        ("compiler", "COMPILER"),
        ("linker", "LINKER"),
    ] {
        let value = value(&manifest, key).unwrap_or("unknown");
        println!("cargo::rustc-env=EXITGUARD_OBJECT_{variable}={value}");
    }
}

/// A top-level string of the manifest, which our own tool writes one a line.
fn value<'a>(manifest: &'a str, key: &str) -> Option<&'a str> {
    manifest.lines().find_map(|line| {
        let (name, value) = line.split_once(" = ")?;
        (name == key).then(|| value.trim_matches('"'))
    })
}
