//! The text format of Prometheus, version 0.0.4.
//!
//! Not OpenMetrics, which all that is known to read it reads beside this one: `promtool check metrics` knows only this.

use std::fmt::{Display, Write};

/// A label and its value.
pub(super) type Label<'a> = (&'static str, &'a str);

/// Families of metrics, one after the other.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    text: String,
}

impl Encoder {
    /// Begins a family of what only grows, until it begins again. All samples belong to it until the next one.
    pub(super) fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family("counter", name, help)
    }

    /// Begins a family of what is as it is.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family("gauge", name, help)
    }

    fn family(&mut self, kind: &str, name: &'static str, help: &str) -> Family<'_> {
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        let text = &mut self.text;
        push(
            text,
            format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"),
        );
        Family { text, name }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A family that is being written.
#[derive(Debug)]
pub(super) struct Family<'t> {
    text: &'t mut String,
    name: &'static str,
}

impl Family<'_> {
    /// Its only sample.
    pub(super) fn is(mut self, value: impl Display) {
        self.with(&[], value);
    }

    /// One of its samples.
    pub(super) fn with(&mut self, labels: &[Label<'_>], value: impl Display) {
        self.text.push_str(self.name);
        for (place, (label, value)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            push(
                self.text,
                format_args!("{before}{label}=\"{}\"", escaped(value)),
            );
        }
        let end = if labels.is_empty() { "" } else { "}" };
        push(self.text, format_args!("{end} {value}\n"));
    }

    /// A sample for each state there could be: 1 for the one that is, 0 for the others.
    pub(super) fn states(
        &mut self,
        labels: &[Label<'_>],
        is: &str,
        all: impl IntoIterator<Item = &'static str>,
    ) {
        for state in all {
            let labels = [labels, &[("state", state)]].concat();
            self.with(&labels, u8::from(state == is));
        }
    }
}

fn escaped(value: &str) -> String {
    let value = value.replace('\\', r"\\").replace('"', "\\\"");
    value.replace('\n', r"\n")
}

/// Writing to a string cannot fail.
fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(what);
}
