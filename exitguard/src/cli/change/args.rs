//! What can be typed.

use crate::cli::ConfigArg;
use exitguard::config;
use std::time::Duration;

#[derive(clap::Args)]
pub(in crate::cli) struct ChangeArgs {
    /// For how long, as in 10m, 1h or 7d. Without it, until it is taken back.
    #[arg(long = "for", value_name = "TIME", value_parser = lasting, allow_hyphen_values = true)]
    pub(super) lasting: Option<Duration>,
    /// Why, for those who see it later.
    #[arg(long, value_name = "TEXT")]
    pub(super) comment: Option<String>,
    /// Even if it cuts something that this host or your session needs.
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) config: ConfigArg,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(clap::Args)]
pub(in crate::cli) struct BlockArgs {
    /// An address or a prefix.
    #[arg(value_name = "DEST")]
    pub(super) destination: String,
    /// Only for this client: its address, a prefix, or its name in the configuration.
    #[arg(long, value_name = "CLIENT")]
    pub(super) client: Option<String>,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
}

/// A client, or all of them.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Whom {
    /// The client: its address, a prefix, or its name in the configuration.
    #[arg(value_name = "CLIENT")]
    pub(super) client: Option<String>,
    /// Every client, by one change of its own: what was done to a client by name stays as it is.
    #[arg(long)]
    all: bool,
}

#[derive(clap::Args)]
pub(in crate::cli) struct LockdownArgs {
    #[command(flatten)]
    pub(super) whom: Whom,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
}

#[derive(clap::Args)]
pub(in crate::cli) struct UndoArgs {
    #[command(flatten)]
    pub(super) config: ConfigArg,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(clap::Args)]
pub(in crate::cli) struct UnblockArgs {
    /// The address or prefix that was blocked.
    #[arg(value_name = "DEST")]
    pub(super) destination: String,
    /// The client, if it was blocked for one.
    #[arg(long, value_name = "CLIENT")]
    pub(super) client: Option<String>,
    #[command(flatten)]
    pub(super) undo: UndoArgs,
}

#[derive(clap::Args)]
pub(in crate::cli) struct UnlockArgs {
    #[command(flatten)]
    pub(super) whom: Whom,
    #[command(flatten)]
    pub(super) undo: UndoArgs,
}

#[derive(clap::Args)]
pub(in crate::cli) struct NumberArgs {
    /// The number that `exitguard blocks` shows. Without it, the last change.
    #[arg(value_name = "NUMBER")]
    pub(super) number: Option<u32>,
    #[command(flatten)]
    pub(super) undo: UndoArgs,
}

#[derive(clap::Args)]
pub(in crate::cli) struct BlocksArgs {
    #[command(flatten)]
    pub(super) config: ConfigArg,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

pub(in crate::cli) fn lasting(text: &str) -> Result<Duration, String> {
    config::parse_age(text)
        .map_err(|_| "it has to be a second to ten years, as in 10m, 1h or 7d".to_owned())
}
