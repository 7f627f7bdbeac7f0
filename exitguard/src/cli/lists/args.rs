//! What is typed after `exitguard lists`.

use crate::cli::ConfigArg;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// Say what is in a file, whether it would be taken as a list, and what it would block.
    Check(CheckArgs),
    /// Download the lists that have an address, and put in force what can be trusted.
    ///
    /// What is empty, lost more than half of its entries, has more than four times as many, or is written in
    /// another format is held: what was accepted before stays, until `exitguard lists accept`, or until it
    /// stayed like this for a day. A running daemon is told to reload. Says nothing when nothing changed and
    /// stdout is no terminal.
    Update(UpdateArgs),
    /// Put in force what is held of a list, a download or a file.
    Accept(AcceptArgs),
    /// Say how it is with each list: what is in force, how old it is, what is held, failed or stale.
    Status(StatusArgs),
}

#[derive(clap::Args)]
pub(in crate::cli) struct UpdateArgs {
    /// Only these lists.
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    #[command(flatten)]
    pub(super) config: ConfigArg,
    /// Ask servers that failed shortly before, too.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(clap::Args)]
pub(in crate::cli) struct AcceptArgs {
    /// The list.
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) config: ConfigArg,
}

#[derive(clap::Args)]
pub(in crate::cli) struct StatusArgs {
    /// Only these lists.
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    #[command(flatten)]
    pub(super) config: ConfigArg,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(clap::Args)]
pub(in crate::cli) struct CheckArgs {
    /// The file; it may be packed with gzip.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Its format, as in the configuration, instead of finding out.
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}
