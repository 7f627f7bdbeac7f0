//! `exitguard apply`.

use super::daemon::{Daemon, NoAnswer};
use super::{ConfigArg, duration, error, print};
use exitguard::config;
use exitguard::control::{Applied, Apply, ClientError, Refusal, RefusalKind};
use exitguard::daemon::DaemonError;
use exitguard::exit_code::Exit;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

#[derive(clap::Args)]
pub(super) struct ApplyArgs {
    /// The new configuration, in the folder of the one that it is to replace.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// How long you have to say that it may stay: up to an hour.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    confirm: Duration,
    #[command(flatten)]
    config: ConfigArg,
}

pub(super) fn apply(args: &ApplyArgs) -> anyhow::Result<Exit> {
    let installed = &args.config.config;
    let new = std::path::absolute(&args.new)?;
    // Whoever wrote it wrong sees where.
    let checked = config::load(&new).map_err(DaemonError::from)?;
    error::show(&checked.warnings);
    let daemon = Daemon::of(&args.config);
    let asked = Apply {
        config: new.clone(),
        seconds: args.confirm.as_secs(),
    };
    let applied = daemon.ask(|mut client| client.apply(asked))?;
    if !is_confirmed(&applied, args.confirm)? {
        return give_up(&daemon);
    }
    if let Err(error) = install(&new, installed) {
        eprintln!(
            "exitguard: cannot put it in the place of {}: {error}",
            installed.display()
        );
        return give_up(&daemon);
    }
    daemon.ask(|mut client| client.confirm())?;
    print::text(&format!(
        "it stays, as {}; the one before is {}\n",
        installed.display(),
        before(installed).display()
    ))
}

/// Asks, and waits no longer than the trial lasts. Nobody who could say so: no.
fn is_confirmed(applied: &Applied, patience: Duration) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    write!(
        out,
        "in force as policy {} until {:.0}. Keep it? [y/N] ",
        applied.generation, applied.until
    )?;
    out.flush()?;
    drop(out);
    let (sender, answer) = channel();
    // Reading cannot be given up: the thread ends with the process.
    thread::spawn(move || {
        let mut line = String::new();
        // What cannot be read is no answer.
        let read = io::stdin().lock().read_line(&mut line);
        let _ = sender.send(read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes"));
    });
    let answer = answer.recv_timeout(patience).unwrap_or_default();
    if !answer || !io::stdin().is_terminal() {
        println!();
    }
    Ok(answer)
}

fn give_up(daemon: &Daemon) -> anyhow::Result<Exit> {
    match daemon.ask(|mut client| client.roll_back()) {
        // It may have done so by itself.
        Ok(_)
        | Err(NoAnswer::Failed {
            error:
                ClientError::Refused(Refusal {
                    kind: RefusalKind::NotFound,
                    ..
                }),
            ..
        }) => {
            print::text("rolled back: what was in force before is in force\n")?;
            Ok(Exit::Negative)
        }
        Err(error) => Err(error.into()),
    }
}

/// The old text stays beside the new.
fn install(new: &Path, installed: &Path) -> io::Result<()> {
    std::fs::copy(installed, before(installed))?;
    std::fs::rename(new, installed)
}

fn before(installed: &Path) -> PathBuf {
    let mut name = installed.as_os_str().to_owned();
    name.push(".before");
    name.into()
}
