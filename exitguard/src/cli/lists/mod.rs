//! `exitguard lists`.

mod args;
mod catalogue;
mod check;
mod diff;
mod progress;
mod reload;
mod show;
mod status;
mod update;

pub(super) use args::Command;

use super::error::Usage;
use exitguard::config::{Config, List, Source};
use exitguard::exit_code::Exit;
use exitguard::lists::store::{Lock, Store};
use std::io::ErrorKind;

pub(super) fn run(command: &Command) -> anyhow::Result<Exit> {
    match command {
        Command::Check(args) => check::check(args),
        Command::Update(args) => update::update(args),
        Command::Accept(args) => update::accept(args),
        Command::Status(args) => status::status(args),
        Command::Diff(args) => diff::diff(args),
        Command::Show(args) => show::show(args),
        Command::Catalogue(args) => catalogue::catalogue(args),
    }
}

/// The lists with these names; all without a name.
fn chosen<'c>(config: &'c Config, names: &[String]) -> Result<Vec<&'c List>, Usage> {
    if names.is_empty() {
        return Ok(config.lists.iter().collect());
    }
    names.iter().map(|name| named(config, name)).collect()
}

/// The list with this name.
fn named<'c>(config: &'c Config, name: &str) -> Result<&'c List, Usage> {
    let found = config.lists.iter().find(|list| list.name == name);
    found.ok_or_else(|| Usage(format!("there is no list \"{}\"", name.escape_debug())))
}

/// The address of a list that is downloaded.
fn url(list: &List) -> Option<&str> {
    match &list.source {
        Source::Url(url) => Some(url),
        Source::File(_) => None,
    }
}

/// The cache, for one who changes it. `None`, and told, if that is not possible.
fn lock(store: &Store) -> Option<Lock> {
    match store.lock() {
        Ok(lock) => Some(lock),
        Err(error) => {
            let folder = store.folder().display();
            match error.kind() {
                ErrorKind::WouldBlock => {
                    eprintln!("exitguard: another `exitguard lists update` is at work in {folder}");
                }
                _ => eprintln!("exitguard: cannot keep lists in {folder}: {error}"),
            }
            None
        }
    }
}
