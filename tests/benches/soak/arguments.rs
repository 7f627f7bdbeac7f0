//! How long, and in which order.

use clap::Parser;
use std::time::Duration;

/// Breaks things around the daemon while traffic goes on, and says what came of it. Needs root, and leaves nothing
/// behind.
#[derive(Parser)]
#[command(name = "soak", bin_name = "cargo xtask soak")]
pub(crate) struct Arguments {
    /// How long
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=10_080))]
    minutes: u64,
    /// How long, if it is not to be minutes
    #[arg(long, conflicts_with = "minutes", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    seconds: Option<u64>,
    /// Decides on the order of the faults and on what is random in them
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Only re-create the interface so many times, and measure for how long packets pass unjudged
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) gaps: Option<u32>,
    /// Only fill everything that the daemon remembers, and measure what of memory it has in use
    #[arg(long, conflicts_with = "gaps")]
    pub(crate) memory: bool,
    /// Print one JSON document instead of tables
    #[arg(long)]
    pub(crate) json: bool,
    /// What `cargo bench` says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(self.minutes * 60))
    }
}
