//! `exitguard lists update` and `exitguard lists accept`.

use super::args::{AcceptArgs, UpdateArgs};
use super::progress::Line;
use super::{chosen, lock, reload, url};
use crate::cli::error::{self, Usage};
use crate::cli::print;
use exitguard::config;
use exitguard::daemon::DaemonError;
use exitguard::diagnostic::printable;
use exitguard::exit_code::Exit;
use exitguard::lists::store::Store;
use exitguard::lists::update::{self, Fetcher, Limits, Outcome, Updater};
use exitguard::lists::{self, AcceptError, now};
use std::io::{self, IsTerminal};
use std::sync::Arc;

pub(super) fn update(args: &UpdateArgs) -> anyhow::Result<Exit> {
    let checked = config::load(&args.config.config).map_err(DaemonError::from)?;
    let talks = io::stdout().is_terminal();
    if talks {
        error::show(&checked.warnings);
    }
    let lists = chosen(&checked.config, &args.names)?;
    if !args.names.is_empty()
        && let Some(file) = lists.iter().find(|list| url(list).is_none())
    {
        let why = format!(
            "the list \"{}\" is a file: it is read as it is, and never downloaded",
            file.name
        );
        return Err(Usage(why).into());
    }
    let store = Store::new(&checked.config.list_cache);
    let Some(_lock) = lock(&store) else {
        return Ok(Exit::Negative);
    };
    let fetcher = Fetcher::new(Limits::default());
    let mut exit = Exit::Ok;
    let mut is_new = false;
    for list in lists {
        let Some(url) = url(list) else { continue };
        let outcome = {
            // The line of its progress is cleared before the result is printed.
            let fetcher = match Line::for_people(&list.name) {
                Some(line) => fetcher.clone().telling(Arc::new(line)),
                None => fetcher.clone(),
            };
            let updater = Updater {
                store: &store,
                fetcher: &fetcher,
                force: args.force,
            };
            updater.update(list, url, now())
        };
        let line = printable(&format!("{}: {}", list.name, text(&list.name, &outcome)));
        match outcome {
            Outcome::Accepted { .. } => {
                is_new = true;
                print::text(&format!("{line}\n"))?;
            }
            Outcome::Unchanged { .. } | Outcome::Early { .. } if talks => {
                print::text(&format!("{line}\n"))?;
            }
            Outcome::Unchanged { .. } | Outcome::Early { .. } => {}
            Outcome::Held(_) | Outcome::Failed { .. } | Outcome::Waiting { .. } => {
                exit = Exit::Negative;
                eprintln!("{line}");
            }
        }
    }
    if is_new {
        reload::reload();
    }
    Ok(exit)
}

fn text(name: &str, outcome: &Outcome) -> String {
    const STAYS: &str = "what was accepted before stays";
    match outcome {
        Outcome::Accepted {
            entries,
            was,
            released,
        } => {
            let was = was.map_or_else(String::new, |was| format!(", {was} before"));
            let why = if *released {
                "; it was held, and stayed like this for a day"
            } else {
                ""
            };
            format!("accepted, {entries} entries{was}{why}")
        }
        Outcome::Unchanged { entries } => format!("unchanged, {entries} entries"),
        Outcome::Held(held) => format!(
            "held: {}; {STAYS}; look at it with `exitguard lists diff {name}`, and take it with `exitguard lists accept {name}`",
            held.reason
        ),
        Outcome::Failed { why } => format!("failed: {why}; {STAYS}"),
        Outcome::Early { until } => {
            format!("not asked again until {until}: its publisher permits no more")
        }
        Outcome::Waiting { why, until } => {
            format!("not asked until {until}, because it failed: {why}; {STAYS}")
        }
    }
}

pub(super) fn accept(args: &AcceptArgs) -> anyhow::Result<Exit> {
    let checked = config::load(&args.config.config).map_err(DaemonError::from)?;
    let config = &checked.config;
    let Some(list) = chosen(config, std::slice::from_ref(&args.name))?.pop() else {
        return Ok(Exit::Negative);
    };
    let name = &list.name;
    let accepted = match url(list) {
        Some(url) => {
            let store = Store::new(&config.list_cache);
            let Some(_lock) = lock(&store) else {
                return Ok(Exit::Negative);
            };
            update::accept(&store, name, url, now()).map_err(AcceptError::from)
        }
        None => lists::accept(list, &config.list_cache, now()),
    };
    match accepted {
        Ok(Some(counts)) => {
            let line = format!("{name}: accepted, {} entries\n", counts.entries());
            print::text(&line)?;
            reload::reload();
            Ok(Exit::Ok)
        }
        Ok(None) => {
            eprintln!("{name}: nothing is held");
            Ok(Exit::Negative)
        }
        Err(error) => {
            let line = format!("{name}: cannot accept what is held: {error}");
            eprintln!("{}", printable(&line));
            Ok(Exit::Negative)
        }
    }
}
