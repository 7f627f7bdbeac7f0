//! `exitguard learn`.

use super::change::lasting;
use super::daemon::Daemon;
use super::{ConfigArg, print};
use exitguard::control::Observed;
use exitguard::diagnostic::printable;
use exitguard::exit_code::Exit;
use exitguard::learn::{Proposal, Select};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(clap::Args)]
pub(super) struct LearnArgs {
    /// Only what was seen within this time, as in 12h or 7d. Without it, everything.
    #[arg(long, value_name = "TIME", value_parser = lasting)]
    since: Option<Duration>,
    /// Only a rule for this client: its address, a prefix, or its name in the configuration.
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    #[command(flatten)]
    config: ConfigArg,
    /// Print what was observed as JSON, instead of what is proposed.
    #[arg(long)]
    json: bool,
}

pub(super) fn learn(args: &LearnArgs) -> anyhow::Result<Exit> {
    let mut observed = Daemon::of(&args.config).ask(|mut client| client.observed())?;
    let select = Select {
        since: args.since.and_then(|time| before(observed.time, time)),
        client: args.client.clone(),
    };
    select.apply(&mut observed);
    let exit = match observed.rows.is_empty() {
        true => Exit::Negative,
        false => Exit::Ok,
    };
    if args.json {
        observed.rows.sort_by_key(|row| {
            (
                row.client,
                row.protocol,
                row.port,
                row.reason.clone(),
                row.decision.name(),
            )
        });
        print::json(&observed)?;
        return Ok(exit);
    }
    if observed.rows.is_empty() {
        let of = args
            .client
            .as_deref()
            .map(|client| format!(" of {}", printable(client)));
        eprintln!(
            "exitguard: nothing{} was observed since {:.0}: no client opened anything to the Internet",
            of.unwrap_or_default(),
            observed.since
        );
        return Ok(exit);
    }
    let proposal = Proposal::new(&observed, args.client.is_some());
    print::text(&proposal.toml())?;
    let file = args.config.config.display();
    eprintln!(
        "exitguard: {}; review it, put it into {file}, and run `exitguard check`",
        told(&observed, proposal.flows())
    );
    Ok(exit)
}

fn before(time: Timestamp, duration: Duration) -> Option<Timestamp> {
    time.checked_sub(duration).ok()
}

/// How much is known.
fn told(observed: &Observed, all: u64) -> String {
    let clients: BTreeSet<_> = observed.rows.iter().map(|row| row.client).collect();
    let flows = |count| match count {
        1 => "1 flow".to_owned(),
        count => format!("{count} flows"),
    };
    let dropped = match observed.dropped_flows {
        0 => String::new(),
        dropped => format!(
            " ({} more of seldom used ports are not known any more: there were too many)",
            flows(dropped)
        ),
    };
    format!(
        "observed since {:.0}: {} of {}{dropped}",
        observed.since,
        flows(all),
        match clients.len() {
            1 => "1 address".to_owned(),
            many => format!("{many} addresses"),
        },
    )
}
