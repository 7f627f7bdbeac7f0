//! `cargo xtask <job>`: the jobs of this repository. Continuous integration calls the same ones.

use anyhow::Result;
use clap::Parser;
use std::path::PathBuf;
use xtask::command::{self, cargo};
use xtask::{check, ebpf, fuzz, soak, test, vm};

/// The jobs of this repository
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Job {
    /// Build the kernel programs and put them where the binary takes them from
    BuildEbpf {
        /// Compare with the committed object instead of replacing it
        #[arg(long)]
        check: bool,
        /// With `--check`: keep the fresh object here
        #[arg(long, value_name = "FOLDER", requires = "check")]
        out: Option<PathBuf>,
    },
    /// Formatting, lints and the rules of the house
    Check,
    /// Every test this machine can run; as root, those with a kernel too
    Test,
    /// Fuzz what reads bytes of others (needs a nightly toolchain and cargo-fuzz)
    Fuzz {
        /// Only this target
        target: Option<String>,
        /// How long, each
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// The tests with a kernel, on other kernels, in virtual machines
    Vm(vm::Options),
    /// The first process of such a machine
    #[command(hide = true)]
    VmGuest,
    /// Measure the cost of a packet and print a table (needs root)
    Bench {
        /// Arguments of the bench, such as `--json` and `--quick`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Break things around the daemon while traffic goes on (needs root)
    Soak {
        /// Arguments of the soak, such as `--minutes 20` and `--seed 7`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> Result<()> {
    match Job::parse() {
        Job::BuildEbpf { check: false, .. } => ebpf::build(),
        Job::BuildEbpf { check: true, out } => ebpf::compare(out.as_deref()),
        Job::Check => check::all(),
        Job::Test => test::all(),
        Job::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Job::Vm(options) => vm::run(&options),
        Job::VmGuest => vm::guest(),
        Job::Soak { arguments } => soak::run(&arguments),
        Job::Bench { arguments } => {
            let bench = [
                "bench",
                "--locked",
                "--package",
                "exitguard-tests",
                "--bench",
                "cost",
                "--",
            ];
            command::run(cargo().args(bench).args(arguments))
        }
    }
}
