//! One digest of everything that decides what the BPF object is, besides the toolchain.

use super::toolchain;
use anyhow::{Context, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

const PACKAGES: [&str; 2] = ["exitguard-common", "exitguard-ebpf"];
/// Dependencies whose code ends up in the object.
const DEPENDENCIES: &str = "aya-ebpf";

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// The digest of the sources under a root.
///
/// # Errors
/// When one cannot be read.
pub fn digest(root: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let mut add = |name: &str, content: &[u8]| {
        for part in [name.as_bytes(), content] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    };
    for path in files(root)? {
        let name = path.strip_prefix(root)?.to_string_lossy();
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        add(&name, &content);
    }
    let lock: Lock = toml::from_str(&fs::read_to_string(root.join("Cargo.lock"))?)?;
    for package in lock
        .package
        .iter()
        .filter(|package| package.name.starts_with(DEPENDENCIES))
    {
        add(&package.name, package.version.as_bytes());
    }
    for flag in toolchain::flags() {
        add("flag", flag.as_bytes());
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// The files that the object is built from, sorted.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for package in PACKAGES.map(|package| root.join(package)) {
        files.push(package.join("Cargo.toml"));
        for entry in WalkDir::new(package.join("src")) {
            let path = entry?.into_path();
            if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        matches!(
            part.as_os_str().to_str(),
            Some("tests" | "tests.rs" | "layout_tests.rs")
        )
    })
}
