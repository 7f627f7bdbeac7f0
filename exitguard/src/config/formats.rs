//! `format` of a list: a name, or a table that describes columns or a part of a JSON document.

use super::report::{Problem, Report};
use super::section::Section;
use super::suggest::closest;
use super::syntax;
use super::value::Value;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::lists::{Columns, Format, Named, Selection};
use toml::de::DeTable;

/// Formats that are described by a table.
const DESCRIBED: [(&str, &str); 2] = [
    ("columns", "{ type = \"columns\", address = 1 }"),
    ("json", "{ type = \"json\", pointer = \"/prefixes\" }"),
];

/// Reads the value of `format`. The error is in the report.
pub(super) fn format(
    section: &Section<'_>,
    value: &Value<'_>,
    report: &mut Report<'_>,
) -> Option<Format> {
    if value.toml().as_table().is_none() {
        return report.read(value, named).map(Format::Named);
    }
    let mut table = section.inner("format", value);
    let kind = table.get("type").and_then(|kind| {
        let choices = [("columns", true), ("json", false)];
        report.read(&kind, |kind| kind.choice(choices))
    });
    if table.lacks("type") {
        let problem = Problem::new(
            "this format has no type",
            "write type = \"columns\" or type = \"json\" into it",
        );
        report.error(table.span(), problem);
    }
    let format = match kind? {
        true => Format::Columns(columns(&mut table, report)),
        false => Format::Json(selection(&mut table, report)),
    };
    table.finish(report);
    Some(format)
}

fn named(value: &Value<'_>) -> Result<Named, Problem> {
    let word = value.string()?;
    let known = Named::ALL.iter().find(|named| named.name() == word);
    known.copied().ok_or_else(|| {
        let names = || Named::ALL.iter().map(|named| named.name());
        let described = DESCRIBED.iter().find(|(name, _)| *name == word);
        let hint = match (described, closest(word, names())) {
            (Some((_, example)), _) => format!("describe it, as in format = {example}"),
            (None, Some(meant)) => format!("did you mean \"{meant}\"?"),
            (None, None) => format!(
                "leave it out to find out by itself, or use one of: {}",
                names().collect::<Vec<_>>().join(", ")
            ),
        };
        Problem::new(format!("there is no format \"{word}\""), hint)
    })
}

fn columns(table: &mut Section<'_>, report: &mut Report<'_>) -> Columns {
    let default = Columns::default();
    let mut flag = |key, default| {
        let value = table.get(key);
        let flag = value.and_then(|value| report.read(&value, Value::boolean));
        flag.unwrap_or(default)
    };
    let (quotes, header) = (
        flag("quotes", default.quotes),
        flag("header", default.header),
    );
    let (port, integers) = (
        flag("port", default.port),
        flag("integers", default.integers),
    );
    let mut at = |key| {
        let value = table.get(key)?;
        report.read(&value, column)
    };
    let (address, end, prefix) = (at("address"), at("end"), at("prefix"));
    let separator = table
        .get("separator")
        .and_then(|value| report.read(&value, separator));
    let only = table.get("only").and_then(|value| {
        let mut only = table.inner("only", &value);
        let at = only
            .get("column")
            .and_then(|value| report.read(&value, column));
        let is = only
            .get("is")
            .and_then(|value| report.read(&value, Value::string));
        if only.lacks("column") || only.lacks("is") || value.toml().as_table().is_none() {
            let hint = "write only = { column = 4, is = \"ip:port\" }";
            let problem = Problem::new("`only` has to name a column and what it is", hint);
            report.error(value.span(), problem);
        }
        only.finish(report);
        Some((at?, is?.to_owned()))
    });
    Columns {
        separator: separator.unwrap_or(default.separator),
        quotes,
        header,
        address: address.unwrap_or(default.address),
        end,
        prefix,
        port,
        integers,
        only,
    }
}

/// Columns count from 1; nobody has a thousand.
fn column(value: &Value<'_>) -> Result<usize, Problem> {
    let number = usize::try_from(value.integer()?).ok();
    let number = number.filter(|number| (1..=1_000).contains(number));
    number.ok_or_else(|| value.has_to_be("the number of a column", "the first column is 1"))
}

fn separator(value: &Value<'_>) -> Result<u8, Problem> {
    let separator = match value.string()?.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | b'"' | b'#') => Some(*byte),
        _ => None,
    };
    separator.ok_or_else(|| {
        let hint = "write it as \",\", \";\", \"|\" or \"\\t\"";
        value.has_to_be("one character that separates columns", hint)
    })
}

fn selection(table: &mut Section<'_>, report: &mut Report<'_>) -> Selection {
    let pointer = table.get("pointer").and_then(|value| {
        let pointer = |value: &Value<'_>| {
            let pointer = value.string()?;
            if pointer.is_empty() || pointer.starts_with('/') {
                return Ok(pointer.to_owned());
            }
            let hint = "write it as \"/prefixes/ipv4\"; \"\" is the whole document, * every member";
            Err(value.has_to_be("a JSON pointer", hint))
        };
        report.read(&value, pointer)
    });
    let field = table.get("field").and_then(|value| {
        let field = report.read(&value, Value::string)?;
        Some(field.to_owned())
    });
    Selection {
        pointer: pointer.unwrap_or_default(),
        field,
    }
}

/// Reads a format as it is typed on a command line: a name, or a table as in the configuration.
///
/// # Errors
/// Says what is wrong with it.
pub fn parse_format(text: &str) -> Result<Format, Vec<Diagnostic>> {
    let line = match text.trim_start().starts_with('{') {
        true => format!("format = {text}\n"),
        false => format!("format = {text:?}\n"),
    };
    let file = SourceFile::new("--format", line);
    let toml = DeTable::parse(file.text()).map_err(|error| vec![syntax::explain(&file, &error)])?;
    let mut report = Report::new(&file);
    let mut top = Section::top(file.text(), toml.get_ref());
    let value = top.get("format");
    let format = value.and_then(|value| format(&top, &value, &mut report));
    top.finish(&mut report);
    let (errors, _) = report.into_diagnostics();
    match format {
        Some(format) if errors.is_empty() => Ok(format),
        _ => Err(errors),
    }
}
