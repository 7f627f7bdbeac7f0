//! What a BPF object was built from.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The manifest beside an object.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// SHA-256 of the sources; see [`super::sources`].
    pub sources: String,
    /// SHA-256 of the object.
    pub object: String,
    /// Release, commit and LLVM of the compiler, and where its `core` comes from.
    pub compiler: String,
    /// Name and version.
    pub linker: String,
    /// Of the compiler, without those that name folders.
    pub flags: Vec<String>,
}

const HEADER: &str = "# Written by `cargo xtask build-ebpf`.\n";

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// When there is none, or it is not one.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        fs::write(path, format!("{HEADER}{}", toml::to_string(self)?))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Whether the same sources must give the same object.
    pub fn is_same_toolchain(&self, other: &Self) -> bool {
        self.compiler == other.compiler && self.linker == other.linker
    }
}
