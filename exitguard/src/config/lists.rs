//! `[[list]]`.

use super::formats;
use super::model::{List, ListAction};
use super::report::{Problem, Report};
use super::section::Section;
use super::value::Value;
use super::values;
use crate::lists::Limits;
use exitguard_common::abi::MAX_LISTS;
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

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
        let (source, span) = source(&mut section, report);
        lists.push(List {
            name,
            source: folder.join(source),
            named_at: report.file().place(span),
            format: section
                .get("format")
                .and_then(|value| formats::format(&section, &value, report)),
            action: section
                .get("action")
                .and_then(|value| report.read(&value, action))
                .unwrap_or(ListAction::Deny),
            limits: limits(&mut section, report),
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

/// The path as it is written, and where.
fn source<'t>(section: &mut Section<'t>, report: &mut Report<'_>) -> (&'t str, Range<usize>) {
    let Some(value) = section.get("source") else {
        let hint = "name the file, as in source = \"feodo.txt\"";
        report.error(
            section.span(),
            Problem::new("this list has no source", hint),
        );
        return ("", section.span());
    };
    let path = |value: &Value<'t>| {
        let path = value.string()?;
        if path.contains("://") {
            let message = format!("the source \"{path}\" is not a file");
            let hint = "download the list to a file, for example by cron, and name that file";
            Err(Problem::new(message, hint))
        } else if path.is_empty() {
            let hint = "name the file, as in source = \"feodo.txt\"";
            Err(Problem::new("the source \"\" is not a file", hint))
        } else {
            Ok(path)
        }
    };
    let path = report.read(&value, path).unwrap_or_default();
    (path, value.span())
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
