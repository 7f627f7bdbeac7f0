//! `[[list]]`.

use super::clients::prefixes;
use super::formats;
use super::model::{List, ListAction, Source};
use super::report::{Problem, Report};
use super::section::Section;
use super::suggest::closest;
use super::value::Value;
use super::values;
use crate::lists::Limits;
use crate::lists::catalogue::{self, Known};
use exitguard_common::abi::MAX_LISTS;
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::Uri;

/// Where the lists that are downloaded are kept.
const DEFAULT_CACHE: &str = "/var/lib/exitguard/lists";

/// A server that was not heard for this long is gone, or what asks it is.
const DEFAULT_MAX_AGE: Duration = Duration::from_hours(14 * 24);

/// Reads the lists. One that is wrong stays in its place, so that the rules that name it are not wrong, too.
pub(super) fn read_lists(sections: Vec<Section<'_>>, report: &mut Report<'_>) -> Vec<List> {
    if let Some(first_beyond) = sections.get(MAX_LISTS) {
        let message = format!("there are more than {MAX_LISTS} lists");
        let hint = "merge some of them into one file";
        report.error(first_beyond.span(), Problem::new(message, hint));
    }
    let folder = report.file().path().parent().unwrap_or(Path::new(""));
    let mut names = HashSet::new();
    let mut lists = Vec::new();
    for mut section in sections {
        let name = name(&mut section, &mut names, report);
        let insecure = flag(&mut section, "insecure", report);
        let (source, span, known) = source(&mut section, insecure, folder, report);
        // What is written wins over the catalogue.
        let format = match section.get("format") {
            Some(value) => formats::format(&section, &value, report),
            None => known.map(|known| known.format.into()),
        };
        let max_age = max_age(&mut section, &source, report);
        lists.push(List {
            name,
            source,
            named_at: report.file().place(span),
            format,
            action: section
                .get("action")
                .and_then(|value| report.read(&value, action))
                .unwrap_or(ListAction::Deny),
            allow_empty: written_flag(&mut section, "allow_empty", report)
                .unwrap_or(known.is_some_and(|known| known.allow_empty)),
            interval: known.map(|known| Duration::from_mins(known.interval.into())),
            limits: limits(&mut section, report),
            max_age,
            must_contain: section
                .get("must_contain")
                .map_or_else(Vec::new, |value| prefixes(&value, report)),
        });
        section.finish(report);
    }
    lists
}

fn name(section: &mut Section<'_>, names: &mut HashSet<String>, report: &mut Report<'_>) -> String {
    let Some(value) = section.get("name") else {
        let hint = "give it one, as in name = \"feodo\"";
        report.error(section.span(), Problem::new("this list has no name", hint));
        return String::new();
    };
    let valid = |value: &Value<'_>| {
        let name = value.string()?;
        values::name(name)?;
        if !names.insert(name.to_owned()) {
            let message = format!("there are two lists with the name \"{name}\"");
            return Err(Problem::new(message, "give each list its own name"));
        }
        Ok(())
    };
    report.read(&value, valid);
    value.as_str().unwrap_or_default().to_owned()
}

/// Reads `[lists]`: the folder of the lists that are downloaded.
pub(super) fn read_cache(mut section: Section<'_>, report: &mut Report<'_>) -> PathBuf {
    let folder = |value: &Value<'_>| match value.string()? {
        "" => {
            let hint = format!("name a folder, as in cache = \"{DEFAULT_CACHE}\"");
            Err(Problem::new("the cache \"\" is not a folder", hint))
        }
        path => Ok(path.to_owned()),
    };
    let path = section
        .get("cache")
        .and_then(|value| report.read(&value, folder));
    section.finish(report);
    let base = report.file().path().parent().unwrap_or(Path::new(""));
    base.join(path.as_deref().unwrap_or(DEFAULT_CACHE))
}

fn flag(section: &mut Section<'_>, key: &'static str, report: &mut Report<'_>) -> bool {
    written_flag(section, key, report) == Some(true)
}

fn written_flag(
    section: &mut Section<'_>,
    key: &'static str,
    report: &mut Report<'_>,
) -> Option<bool> {
    let value = section.get(key);
    value.and_then(|value| report.read(&value, Value::boolean))
}

/// What is written, and where; and what the catalogue says about it, if it is from there.
fn source(
    section: &mut Section<'_>,
    insecure: bool,
    folder: &Path,
    report: &mut Report<'_>,
) -> (Source, Range<usize>, Option<&'static Known>) {
    let Some(value) = section.get("source") else {
        let hint = "name the file, as in source = \"feodo.txt\"";
        report.error(
            section.span(),
            Problem::new("this list has no source", hint),
        );
        return (Source::File(folder.to_owned()), section.span(), None);
    };
    let read = |value: &Value<'_>| {
        let text = value.string()?;
        if let Some(name) = text.strip_prefix(catalogue::SCHEME) {
            let known = known(name)?;
            Ok((Source::Url(known.url.to_owned()), Some(known)))
        } else if text.contains("://") {
            url(text, insecure)?;
            Ok((Source::Url(text.to_owned()), None))
        } else if text.is_empty() {
            let hint = "name the file, as in source = \"feodo.txt\"";
            Err(Problem::new("the source \"\" is not a file", hint))
        } else {
            Ok((Source::File(folder.join(text)), None))
        }
    };
    let source = report.read(&value, read);
    let (source, known) = source.unwrap_or_else(|| (Source::File(folder.to_owned()), None));
    (source, value.span(), known)
}

/// A list of the catalogue.
fn known(name: &str) -> Result<&'static Known, Problem> {
    catalogue::find(name).ok_or_else(|| {
        let names = catalogue::ALL.iter().map(|known| known.name);
        let all = "`exitguard lists catalogue` lists them";
        let hint = match closest(name, names) {
            Some(meant) => format!("did you mean \"{}{meant}\"? {all}", catalogue::SCHEME),
            None => all.to_owned(),
        };
        Problem::new(format!("the catalogue has no list \"{name}\""), hint)
    })
}

/// Whether a list can be downloaded from there, and safely.
fn url(text: &str, insecure: bool) -> Result<(), Problem> {
    let wrong =
        |hint: &str| Problem::new(format!("no list can be downloaded from \"{text}\""), hint);
    let uri: Uri = text
        .parse()
        .map_err(|_| wrong("write it as https://lists.example/feed.txt, without blanks"))?;
    match uri.scheme_str() {
        _ if uri.host().is_none_or(str::is_empty) => {
            Err(wrong("the name of the server is missing"))
        }
        Some("https") => Ok(()),
        Some("http") if insecure => Ok(()),
        Some("http") => Err(wrong(
            "use https: anybody on the way could change the list; or say insecure = true",
        )),
        _ => Err(wrong("use https, or download it to a file and name that")),
    }
}

fn limits(section: &mut Section<'_>, report: &mut Report<'_>) -> Limits {
    let mut limits = Limits::default();
    if let Some(value) = section.get("bogons") {
        limits.bogons = report.read(&value, Value::boolean).unwrap_or_default();
    }
    if let Some(value) = section.get("wide") {
        limits.wide = report.read(&value, Value::boolean).unwrap_or_default();
    }
    if let Some(value) = section.get("max_coverage")
        && let Some(percent) = report.read(&value, percent)
    {
        limits.max_coverage = percent;
    }
    limits
}

fn max_age(
    section: &mut Section<'_>,
    source: &Source,
    report: &mut Report<'_>,
) -> Option<Duration> {
    match (section.get("max_age"), source) {
        (Some(value), _) if value.as_str() == Some("never") => None,
        (Some(value), _) => report.read(&value, |value| match value.as_str() {
            Some(text) => values::parse_age(text),
            None => Err(value.has_to_be("an age", values::AGE_HINT)),
        }),
        (None, Source::Url(_)) => Some(DEFAULT_MAX_AGE),
        (None, Source::File(_)) => None,
    }
}

fn percent(value: &Value<'_>) -> Result<u8, Problem> {
    let percent = value.integer()?;
    let valid = u8::try_from(percent)
        .ok()
        .filter(|percent| (1..=100).contains(percent));
    valid.ok_or_else(|| {
        let hint =
            "write the part of all IPv4 addresses that it may cover, as in max_coverage = 40";
        value.has_to_be("between 1 and 100 percent", hint)
    })
}

fn action(value: &Value<'_>) -> Result<ListAction, Problem> {
    value.choice([("deny", ListAction::Deny), ("observe", ListAction::Observe)])
}
