//! The compiler and the linker for BPF.

use crate::command::{cargo_home, output};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "bpfel-unknown-none";
/// The rustup toolchain that is known to work, with the LLVM of bpf-linker's feature below.
const RUSTUP: &str = "1.96.0";
/// Of Debian's rustc-web.
const DEBIAN: &str = "/usr/bin/rustc";

const NO_COMPILER: &str = "found no Rust compiler that builds for BPF; install one of
  Debian:  apt-get install rustc-web cargo-web libstd-rust-web-dev-bpf
  rustup:  rustup toolchain install 1.96.0 --component rust-src";
const NO_LINKER: &str = "found no bpf-linker; install it with
  apt-get install llvm-22-dev
  LLVM_PREFIX=/usr/lib/llvm-22 cargo install bpf-linker --version 0.13.0 --no-default-features --features llvm-22";

/// Flags of the compiler that make the object what it is. `debuginfo` is what BTF is made from; BPF's
/// `v3` has 32-bit operations and jumps (Linux 5.1).
pub(super) fn flags() -> Vec<String> {
    [
        "-Copt-level=3",
        "-Ccodegen-units=1",
        "-Cdebuginfo=2",
        "-Ctarget-cpu=v3",
        "-Clink-arg=--btf",
        "--cfg=bpf_target_arch=\"x86_64\"",
    ]
    .map(String::from)
    .to_vec()
}

/// A compiler and a linker that were found.
#[derive(Debug)]
pub(super) struct Toolchain {
    cargo: Vec<String>,
    rustc: PathBuf,
    builds_core: bool,
    pub(super) compiler: String,
    pub(super) linker: String,
}

impl Toolchain {
    /// Looks for Debian's, then for rustup's.
    pub(super) fn find() -> Result<Self> {
        let linker = output(Command::new("bpf-linker").arg("--version")).context(NO_LINKER)?;
        Self::debian(&linker)
            .or_else(|| Self::rustup(&linker))
            .context(NO_COMPILER)
    }

    fn debian(linker: &str) -> Option<Self> {
        let rustc = PathBuf::from(DEBIAN);
        let has_core = sysroot(&rustc)?
            .join("lib/rustlib")
            .join(TARGET)
            .join("lib")
            .is_dir();
        if !has_core {
            return None;
        }
        Some(Self {
            cargo: vec!["/usr/bin/cargo".to_owned()],
            compiler: describe(&rustc, "its own core")?,
            linker: linker.to_owned(),
            builds_core: false,
            rustc,
        })
    }

    fn rustup(linker: &str) -> Option<Self> {
        let which = ["run", RUSTUP, "rustc", "--print", "sysroot"];
        let sysroot = PathBuf::from(output(Command::new("rustup").args(which))?);
        let has_sources = sysroot.join("lib/rustlib/src/rust/library/core").is_dir();
        if !has_sources {
            return None;
        }
        let rustc = sysroot.join("bin/rustc");
        let cargo = ["rustup", "run", RUSTUP, "cargo"];
        Some(Self {
            cargo: cargo.map(str::to_owned).to_vec(),
            compiler: describe(&rustc, "core built from source")?,
            linker: linker.to_owned(),
            builds_core: true,
            rustc,
        })
    }

    /// The command that builds the object of a repository.
    pub(super) fn build(&self, root: &Path, target: &Path) -> Command {
        let mut words = self.cargo.iter();
        let mut command = Command::new(words.next().map_or("cargo", String::as_str));
        command.args(words).current_dir(root);
        // The cargo that runs this one says who it is; this one is another.
        for variable in [
            "CARGO",
            "RUSTUP_TOOLCHAIN",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC_WRAPPER",
        ] {
            command.env_remove(variable);
        }
        let mut flags = flags();
        flags.push(remap(root, "/exitguard"));
        if let Some(home) = cargo_home() {
            flags.push(remap(&home.join("registry/src"), "/registry"));
        }
        command
            .env("RUSTC", &self.rustc)
            // The target is not a stable one.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
            .env("CARGO_CFG_BPF_TARGET_ARCH", "x86_64")
            // The host's profile is not the object's.
            .env("CARGO_PROFILE_RELEASE_STRIP", "none")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .args([
                "build",
                "--locked",
                "--release",
                "--package",
                "exitguard-ebpf",
            ])
            .args(["--target", TARGET, "--target-dir"])
            .arg(target);
        if self.builds_core {
            command.arg("-Zbuild-std=core");
        }
        command
    }
}

fn remap(from: &Path, to: &str) -> String {
    format!("--remap-path-prefix={}={to}", from.display())
}

fn sysroot(rustc: &Path) -> Option<PathBuf> {
    output(Command::new(rustc).args(["--print", "sysroot"])).map(PathBuf::from)
}

fn describe(rustc: &Path, core: &str) -> Option<String> {
    let text = output(Command::new(rustc).arg("-vV"))?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    Some(format!(
        "rustc {} ({}), LLVM {}, {core}",
        field("release: ")?,
        field("commit-hash: ")?,
        field("LLVM version: ")?,
    ))
}
