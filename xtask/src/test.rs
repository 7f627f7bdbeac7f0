//! Every test this machine can run.

use crate::command::{self, cargo};
use anyhow::Result;
use nix::unistd::Uid;

/// The tests of all packages that need nothing; then, as root, those that need a kernel. Those that find a
/// privilege missing fail.
///
/// # Errors
/// When one fails.
pub fn all() -> Result<()> {
    command::run(cargo().args(["test", "--locked", "--workspace"]))?;
    if !Uid::effective().is_root() {
        println!(
            "\nnot root: the tests that load programs into the kernel were left out; run `sudo cargo xtask test`"
        );
        return Ok(());
    }
    println!("\nas root: the tests that load programs into the kernel");
    // One at a time: they measure nothing, but they share one kernel, and failures are easier to read.
    command::run(cargo().args([
        "test",
        "--locked",
        "--workspace",
        "--",
        "--ignored",
        "--test-threads=1",
    ]))
}
