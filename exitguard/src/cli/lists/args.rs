//! What is typed after `exitguard lists`.

use crate::cli::ConfigArg;
use clap::Subcommand;
use exitguard::lists::Limits;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// Say what is in a file, whether it would be taken as a list, and what it would block.
    ///
    /// What the configuration permits a list is permitted with the option of the same name.
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
    /// Say what another version of a list would change: the one that is held, or a file.
    ///
    /// Both are read as the configuration says of the list. Exits with 1 when they are not the same.
    Diff(DiffArgs),
    /// Say whether a list holds an address or name, and what comes of it.
    ///
    /// Of the version in force: the entries that hold it and their lines, what leaves it out all the same, and
    /// what the policy decides about a client that goes there. Exits with 1 when the list does not hold it.
    Show(ShowArgs),
    /// Show well-known lists that are fit for what clients send out, and what their publishers permit.
    ///
    /// Each is used by its name: source = "catalogue:feodo".
    Catalogue(CatalogueArgs),
}

#[derive(clap::Args)]
pub(in crate::cli) struct DiffArgs {
    /// The list.
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    /// A file, instead of what is held.
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) config: ConfigArg,
    /// Show at most so many of the prefixes, and of the names, that are added, and as many that are removed; 0
    /// shows all.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) limit: usize,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(clap::Args)]
pub(in crate::cli) struct ShowArgs {
    /// The list.
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    /// An address, or a domain name.
    #[arg(value_name = "ADDRESS")]
    pub(super) target: String,
    #[command(flatten)]
    pub(super) config: ConfigArg,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(clap::Args)]
pub(in crate::cli) struct CatalogueArgs {
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(clap::Args)]
pub(in crate::cli) struct UpdateArgs {
    /// Only these lists.
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    #[command(flatten)]
    pub(super) config: ConfigArg,
    /// Ask servers that failed shortly before, or that may not be asked again yet, too.
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
    /// Take it without entries, as with `allow_empty = true`.
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// Keep special-purpose addresses in it, as with `bogons = true`.
    #[arg(long)]
    pub(super) bogons: bool,
    /// Keep prefixes shorter than /8, or /16 of IPv6, as with `wide = true`.
    #[arg(long)]
    pub(super) wide: bool,
    /// Percent of all IPv4 addresses that it may cover, as with `max_coverage`.
    #[arg(long, value_name = "PERCENT", default_value_t = Limits::default().max_coverage,
          value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(super) max_coverage: u8,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}
