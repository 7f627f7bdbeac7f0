//! The BPF object: built, stripped, described, compared.
//!
//! It is committed, so that everybody else needs nothing but stable Rust. The manifest beside it says what
//! it was built from; a test fails when the sources moved on without it.

pub mod manifest;
pub mod sources;
mod strip;
mod toolchain;

use crate::{command, root};
use anyhow::{Context, Result, bail};
use manifest::Manifest;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use toolchain::Toolchain;

/// The folder of the committed object, under the root.
pub const PREBUILT: &str = "exitguard-ebpf/prebuilt";
const OBJECT: &str = "exitguard.o";
const MANIFEST: &str = "manifest.toml";

/// Builds the object and replaces the committed one.
///
/// # Errors
/// When the toolchain is missing (and what to install) or the build fails.
pub fn build() -> Result<()> {
    let fresh = Fresh::build()?;
    fresh.write(&root().join(PREBUILT))?;
    println!(
        "{PREBUILT}/{OBJECT}: {} bytes, by {}",
        fresh.object.len(),
        fresh.manifest.compiler
    );
    Ok(())
}

/// Builds the object and compares it with the committed one. A build by the toolchain of the committed one
/// has to be identical to the byte; one by another toolchain only has to succeed. `out` gets the fresh one.
///
/// # Errors
/// When the toolchain is missing, the build fails, or the same toolchain built something else.
pub fn compare(out: Option<&Path>) -> Result<()> {
    let committed = Manifest::read(&committed_manifest())?;
    let fresh = Fresh::build()?;
    if let Some(folder) = out {
        fs::create_dir_all(folder)?;
        fresh.write(folder)?;
    }
    if fresh.manifest == committed {
        println!("the committed object is what these sources build, to the byte");
        return Ok(());
    }
    if fresh.manifest.is_same_toolchain(&committed) {
        bail!(
            "the committed object is not what these sources build; run `cargo xtask build-ebpf` and commit it\n\
             committed: {committed:#?}\nfresh: {:#?}",
            fresh.manifest
        );
    }
    println!(
        "built by another toolchain than the committed object, so they are not compared:\n  committed: {}, {}\n  fresh: {}, {}",
        committed.compiler, committed.linker, fresh.manifest.compiler, fresh.manifest.linker
    );
    Ok(())
}

/// The manifest of the committed object.
pub fn committed_manifest() -> PathBuf {
    root().join(PREBUILT).join(MANIFEST)
}

/// The committed object.
pub fn committed_object() -> PathBuf {
    root().join(PREBUILT).join(OBJECT)
}

/// The digest of an object, as manifests hold it.
pub fn digest(object: &[u8]) -> String {
    Sha256::digest(object)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

struct Fresh {
    object: Vec<u8>,
    manifest: Manifest,
}

impl Fresh {
    fn build() -> Result<Self> {
        let toolchain = Toolchain::find()?;
        let root = root();
        let target = root.join("target/bpf");
        command::run(&mut toolchain.build(&root, &target))?;
        let built = target.join("bpfel-unknown-none/release/exitguard");
        let bytes = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
        let object = strip::debug_sections(&bytes)?;
        let manifest = Manifest {
            sources: sources::digest(&root)?,
            object: digest(&object),
            compiler: toolchain.compiler.clone(),
            linker: toolchain.linker.clone(),
            flags: toolchain::flags(),
        };
        Ok(Self { object, manifest })
    }

    fn write(&self, folder: &Path) -> Result<()> {
        fs::write(folder.join(OBJECT), &self.object)?;
        self.manifest.write(&folder.join(MANIFEST))
    }
}
