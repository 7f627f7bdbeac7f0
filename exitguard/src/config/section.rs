//! The tables of the file. The keys that are asked for are the keys that are known: all others are errors.

use super::report::{Problem, Report};
use super::suggest::closest;
use super::value::Value;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys above the first section. One that is added at the end of the file belongs to its last section:
/// TOML's most common trap.
pub(super) const TOP: [&str; 5] = ["mode", "interface", "attach", "fail", "on_exit"];

/// A table that is being read.
#[must_use = "its unknown keys are found by `finish`"]
pub(super) struct Section<'t> {
    /// The whole file.
    text: &'t str,
    /// As its header is written; `None` for the top of the file.
    header: Option<String>,
    span: Range<usize>,
    is_written: bool,
    /// `None` when it is not written, or is no table.
    table: Option<&'t DeTable<'t>>,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// The file itself.
    pub(super) const fn top(text: &'t str, table: &'t DeTable<'t>) -> Self {
        Self {
            text,
            header: None,
            // Where a section that is missing would be added.
            span: text.len()..text.len(),
            is_written: true,
            table: Some(table),
            known: Vec::new(),
        }
    }

    fn within(&self, header: String, value: Option<&Value<'t>>) -> Self {
        Self {
            text: self.text,
            header: Some(header),
            span: value.map_or_else(|| self.span(), Value::span),
            is_written: value.is_some(),
            table: value.and_then(|value| value.toml().as_table()),
            known: Vec::new(),
        }
    }

    /// The table that is the value of a key.
    pub(super) fn inner(&self, key: &str, value: &Value<'t>) -> Self {
        self.within(format!("`{key}`"), Some(value))
    }

    /// Its header.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Whether the file has it.
    pub(super) const fn is_written(&self) -> bool {
        self.is_written
    }

    /// Whether it is a table, and has no such key.
    pub(super) fn lacks(&self, key: &str) -> bool {
        self.table.is_some_and(|table| !table.contains_key(key))
    }

    /// The value of a key.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.known.push(key);
        let toml = self.table?.get(key)?;
        Some(Value::new(self.text, key, toml))
    }

    /// The section `[key]`.
    pub(super) fn section(&mut self, key: &'static str, report: &mut Report<'_>) -> Self {
        let value = self.get(key);
        let hint = |value: &Value<'t>| match value.toml() {
            DeValue::Table(_) => None,
            DeValue::Array(_) => Some(format!("write [{key}], with single brackets, and once")),
            _ => Some(format!(
                "write [{key}] on a line of its own, its keys below"
            )),
        };
        if let Some(value) = &value
            && let Some(hint) = hint(value)
        {
            report.error(value.span(), value.has_to_be("a section", hint));
        }
        self.within(format!("[{key}]"), value.as_ref())
    }

    /// The sections `[[key]]`.
    pub(super) fn sections(&mut self, key: &'static str, report: &mut Report<'_>) -> Vec<Self> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let hint = format!("write [[{key}]], with double brackets, its keys below");
        let Ok(items) = value.items() else {
            report.error(value.span(), value.has_to_be("an array of sections", hint));
            return Vec::new();
        };
        let (tables, others): (Vec<_>, Vec<_>) = items
            .into_iter()
            .partition(|item| item.toml().as_table().is_some());
        for other in others {
            report.error(other.span(), other.has_to_be("a section", hint.as_str()));
        }
        tables
            .iter()
            .map(|table| self.within(format!("[[{key}]]"), Some(table)))
            .collect()
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self, report: &mut Report<'_>) {
        for (key, value) in self.table.into_iter().flatten() {
            let name = key.get_ref().as_ref();
            if !self.known.contains(&name) {
                report.error(key.span(), self.unknown(name, value.get_ref()));
            }
        }
    }

    fn unknown(&self, key: &str, value: &DeValue<'_>) -> Problem {
        let is_table = |value: &Spanned<DeValue<'_>>| value.get_ref().as_table().is_some();
        let kind = match value {
            DeValue::Table(_) => "section",
            DeValue::Array(items) if items.first().is_some_and(is_table) => "section",
            _ => "key",
        };
        let place = match &self.header {
            Some(header) => format!(" in {header}"),
            None if kind == "section" => String::new(),
            None => " at the top of the file".to_owned(),
        };
        let hint = if self.header.is_some() && TOP.contains(&key) {
            format!("`{key}` has to stand above the first [section]")
        } else if let Some(meant) = closest(key, self.known.iter().copied()) {
            format!("did you mean `{meant}`?")
        } else {
            format!("known here: {}", self.known.join(", "))
        };
        Problem::new(format!("unknown {kind} `{key}`{place}"), hint)
    }
}
