//! What the jobs of this repository share with its tests.

pub mod check;
pub mod command;
pub mod ebpf;
pub mod fuzz;
pub mod soak;
pub mod test;
pub mod vm;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
