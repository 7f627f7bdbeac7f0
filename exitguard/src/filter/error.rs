//! What is wrong with a filter, and where.

use crate::diagnostic::printable;
use std::ops::Range;

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {hint}")]
pub struct FilterError {
    text: String,
    span: Range<usize>,
    message: String,
    hint: String,
}

impl FilterError {
    pub(super) fn new(
        text: &str,
        span: Range<usize>,
        message: impl AsRef<str>,
        hint: impl AsRef<str>,
    ) -> Self {
        Self {
            text: text.to_owned(),
            span,
            message: line(message.as_ref()),
            hint: line(hint.as_ref()),
        }
    }

    /// The offending part, in bytes of the filter. Empty where something is missing.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// What is wrong; the filter with carets under the offending part; what to do about it. A line each, without the
    /// end of the last one.
    pub fn render(&self) -> String {
        let Self {
            text,
            span,
            message,
            hint,
        } = self;
        let part = |range| text.get(range).map(line).unwrap_or_default();
        let (before, within) = (part(0..span.start), part(span.clone()));
        let column = before.chars().count();
        let carets = "^".repeat(within.chars().count().max(1));
        let text = line(text);
        format!("{message}\n  {text}\n  {:column$}{carets}\n  {hint}", "")
    }
}

/// As it can be shown. A tab would be as wide as the terminal likes.
fn line(text: &str) -> String {
    printable(&text.replace(char::is_whitespace, " "))
}
