//! What to measure, and how long.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Measure what exitguard costs, and print a table. Needs root, and leaves nothing behind.
#[derive(Parser)]
#[command(name = "cost", bin_name = "cargo xtask bench")]
pub(crate) struct Arguments {
    /// Print one JSON document instead of tables
    #[arg(long)]
    pub(crate) json: bool,
    /// Measure briefly, with fewer prefixes: shows that everything runs, not what it costs
    #[arg(long)]
    pub(crate) quick: bool,
    /// What `cargo bench` says to every bench
    #[arg(long, hide = true)]
    bench: bool,
    /// With the part `lists`: measure the lists in this folder, too
    #[arg(long, value_name = "FOLDER")]
    pub(crate) lists: Option<PathBuf>,
    /// What a process of its own is to do
    #[arg(long, hide = true)]
    pub(crate) child: Option<PathBuf>,
    /// Only these parts; without any, all but `lists`
    #[arg(value_enum)]
    parts: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Packets through the programs, without a device
    Programs,
    /// A policy from its text into force
    Loading,
    /// Packets through the TUN of an exit node, beside no filter and nftables
    Forwarding,
    /// TCP from a client to a server and back
    Throughput,
    /// Lists of up to 10 million prefixes, beside nftables, ipset and LPM tries; alone, as it takes minutes
    Lists,
}

/// How much of everything.
pub(crate) struct Effort {
    /// Entries of the long list.
    pub(crate) prefixes: usize,
    /// Repeats of one packet whose average is one value, and how many such values.
    pub(crate) repeats: u32,
    pub(crate) batches: usize,
    /// New flows of one kind.
    pub(crate) new_flows: usize,
    /// Starts of a guard.
    pub(crate) starts: usize,
    /// Rounds of forwarding, each with every variant.
    pub(crate) rounds: usize,
    /// Flows in the mix.
    pub(crate) flows: usize,
    /// Rounds of transfers, and the length of one.
    pub(crate) transfers: usize,
    pub(crate) transfer_bytes: u64,
}

impl Arguments {
    /// Whether lists are to be measured, which is done alone.
    pub(crate) fn wants_lists(&self) -> bool {
        self.parts.contains(&Part::Lists)
    }

    pub(crate) fn wants(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    pub(crate) fn effort(&self) -> Effort {
        const MIB: u64 = 1 << 20;
        if self.quick {
            Effort {
                prefixes: 50_000,
                repeats: 20_000,
                batches: 5,
                new_flows: 400,
                starts: 3,
                rounds: 50,
                flows: 500,
                transfers: 1,
                transfer_bytes: 16 * MIB,
            }
        } else {
            Effort {
                prefixes: 1_000_000,
                repeats: 200_000,
                batches: 15,
                new_flows: 4_000,
                starts: 15,
                rounds: 1_500,
                flows: 10_000,
                transfers: 7,
                transfer_bytes: 256 * MIB,
            }
        }
    }
}
