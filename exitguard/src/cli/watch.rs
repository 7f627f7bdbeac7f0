//! `exitguard watch`.

use super::daemon::{Cut, Daemon};
use super::{ConfigArg, FormatArg, filter, signals};
use exitguard::control::{ClientError, Told, Watch, Watching};
use exitguard::exit_code::Exit;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(clap::Args)]
pub(super) struct WatchArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// How to write events to stdout.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: FormatArg,
    /// Begin with so many of those that happened before, as far as the daemon remembers.
    #[arg(long, value_name = "N", default_value_t = 0)]
    last: usize,
    /// Only flows that match; what happens to the guard itself is always shown.
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

pub(super) fn watch(args: &WatchArgs) -> anyhow::Result<Exit> {
    let text = args.filter.join(" ");
    filter::parse(&text)?;
    let wanted = Watch {
        last: args.last,
        filter: text,
        format: args.output.into(),
    };
    let daemon = Daemon::of(&args.config);
    let mut watching = daemon.ask(|client| client.watch(wanted))?;
    let is_told_to_end = Arc::new(AtomicBool::new(false));
    let unwatch = watching.unwatch()?;
    let told = Arc::clone(&is_told_to_end);
    signals::on_end(move || {
        told.store(true, Ordering::Release);
        unwatch.end();
    })?;
    let shown = show(&mut watching);
    if is_told_to_end.load(Ordering::Acquire) {
        return Ok(Exit::Ok);
    }
    match shown {
        Ok(End::NobodyReads) => Ok(Exit::Ok),
        Ok(End::DaemonEnded) => {
            daemon.ask(|_| Ok(()))?;
            Err(Cut.into())
        }
        Err(Trouble::Output(error)) => Err(error.into()),
        Err(Trouble::Daemon(error)) => Err(daemon.no_answer(error).into()),
    }
}

enum End {
    NobodyReads,
    DaemonEnded,
}

enum Trouble {
    Output(io::Error),
    Daemon(ClientError),
}

fn show(watching: &mut Watching) -> Result<End, Trouble> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    while let Some(told) = watching.next() {
        let told = told.map_err(Trouble::Daemon)?;
        let line = match &told {
            Told::Event(event) => event.get(),
            Told::Line(line) => line,
        };
        let written = writeln!(stdout, "{line}").and_then(|()| match watching.is_caught_up() {
            true => stdout.flush(),
            false => Ok(()),
        });
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(End::NobodyReads),
            written => written.map_err(Trouble::Output)?,
        }
    }
    Ok(End::DaemonEnded)
}
