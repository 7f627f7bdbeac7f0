//! `exitguard top`.

use super::daemon::Daemon;
use super::error::Usage;
use super::{ConfigArg, change};
use anyhow::bail;
use exitguard::exit_code::Exit;
use exitguard::tui::{self, Options, Theme};
use std::io::{self, IsTerminal};

/// Of `top`.
#[derive(clap::Args)]
pub(super) struct TopArgs {
    #[command(flatten)]
    config: ConfigArg,
}

pub(super) fn top(args: &TopArgs) -> anyhow::Result<Exit> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        bail!(Usage(
            "top needs a terminal; for programs there is `exitguard status --json`".to_owned()
        ));
    }
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        bail!(Usage(
            "top needs a terminal with a cursor that can be moved, and TERM is \"dumb\"".to_owned()
        ));
    }
    let daemon = Daemon::of(&args.config);
    // What is wrong from the start is said where it stays.
    daemon.ask(|mut client| client.status())?;
    tui::run(Options {
        socket: daemon.socket().to_owned(),
        session: change::session(),
        theme: Theme::of(|name| std::env::var_os(name)),
        guarded: Box::new(move || daemon.is_guarded()),
    })?;
    Ok(Exit::Ok)
}
