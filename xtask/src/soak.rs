//! The binary among faults.

use crate::command::{self, cargo};
use crate::root;
use anyhow::Result;
use std::path::PathBuf;

/// Builds the binary, and runs it among faults.
///
/// # Errors
/// When it does not hold what it promises, or cannot be built.
pub fn run(arguments: &[String]) -> Result<()> {
    let build = ["build", "--locked", "--release", "--package", "exitguard"];
    command::run(cargo().args(build))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = root().join(target.unwrap_or_else(|| "target".into()));
    let soak = [
        "bench",
        "--locked",
        "--package",
        "exitguard-tests",
        "--bench",
        "soak",
        "--",
    ];
    command::run(
        cargo()
            .args(soak)
            .args(arguments)
            .env("EXITGUARD_BINARY", target.join("release/exitguard")),
    )
}
