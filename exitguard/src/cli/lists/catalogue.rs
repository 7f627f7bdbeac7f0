//! `exitguard lists catalogue`.

use super::args::CatalogueArgs;
use crate::cli::print;
use exitguard::exit_code::Exit;
use exitguard::lists::catalogue::{ALL, Known, SCHEME};
use std::fmt::Write;

pub(super) fn catalogue(args: &CatalogueArgs) -> anyhow::Result<Exit> {
    if args.json {
        print::json(&ALL)
    } else {
        let all: Vec<String> = ALL.iter().map(text).collect();
        print::text(&all.join("\n"))
    }
}

fn text(known: &Known) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label:<12}{value}");
    };
    line("source", &format!("\"{SCHEME}{}\"", known.name));
    line("what", known.what);
    line("url", known.url);
    line("licence", known.licence);
    line("direction", known.direction.name());
    line("size", known.size);
    line("ask", &often(known.interval));
    line("format", known.format.name());
    text
}

/// How often the publisher may be asked.
fn often(minutes: u32) -> String {
    match minutes {
        1_440 => "at most once a day".to_owned(),
        60 => "at most once an hour".to_owned(),
        minutes if minutes % 60 == 0 => format!("at most every {} hours", minutes / 60),
        minutes => format!("at most every {minutes} minutes"),
    }
}
