//! `exitguard flows`.

mod sort;
mod text;

use super::daemon::Daemon;
use super::{ConfigArg, filter, print};
use exitguard::control::Flow;
use exitguard::exit_code::Exit;
use jiff::Timestamp;
use serde::Serialize;
use sort::SortArg;

/// The flows that were asked for, at one moment.
#[derive(Serialize)]
struct Shown {
    /// When.
    time: Timestamp,
    /// How many the kernel knew.
    known: usize,
    /// How many of them match.
    matching: usize,
    flows: Vec<Flow>,
}

#[derive(clap::Args)]
pub(super) struct FlowsArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// In which order.
    #[arg(long, value_name = "BY", default_value = "bytes")]
    sort: SortArg,
    /// At most so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Only flows that match.
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

pub(super) fn flows(args: &FlowsArgs) -> anyhow::Result<Exit> {
    let filter = filter::parse(&args.filter.join(" "))?;
    let daemon = Daemon::of(&args.config);
    let mut all = daemon.ask(|mut client| client.flows())?;
    let known = all.flows.len();
    all.flows.retain(|flow| filter.matches(flow));
    let matching = all.flows.len();
    sort::sort(&mut all.flows, args.sort, all.time);
    all.flows.truncate(args.limit.unwrap_or(usize::MAX));
    let shown = Shown {
        time: all.time,
        known,
        matching,
        flows: all.flows,
    };
    if args.json {
        print::json(&shown)
    } else {
        print::text(&text::render(&shown))
    }
}
