//! What is not even TOML, or not even text.

use super::report::Problem;
use crate::diagnostic::{Diagnostic, SourceFile};
use std::ops::Range;
use std::path::Path;

/// The text of a file that should be UTF-8.
///
/// # Errors
/// Points at the first byte that is not.
pub(super) fn decode(path: &Path, bytes: Vec<u8>) -> Result<SourceFile, Diagnostic> {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok(SourceFile::new(path, text)),
        Err(error) => error,
    };
    let start = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(start).copied().unwrap_or_default();
    // The text before it stays as it is, so the place does, too.
    let file = SourceFile::new(path, String::from_utf8_lossy(error.as_bytes()));
    let span = start..start + char::REPLACEMENT_CHARACTER.len_utf8();
    Err(file
        .error(span, format!("the byte {byte:#04x} is not UTF-8 text"))
        .hint("save the file as UTF-8"))
}

/// An error of the TOML parser, with its most common causes in the words of somebody who does not know TOML.
pub(super) fn explain(file: &SourceFile, error: &toml::de::Error) -> Diagnostic {
    let text = file.text();
    let span = error.span().unwrap_or(text.len()..text.len());
    let (span, problem) = match error.message() {
        "duplicate key" => duplicate(text, span),
        message if message.starts_with("key with no value") => {
            let problem = Problem::new(
                "this line is neither a [section] nor a key with a value",
                "write it as `key = value`, or make it a comment with #",
            );
            (around(text, &span, |c| c == '\n'), problem)
        }
        message if NO_VALUE.iter().any(|start| message.starts_with(start)) => no_value(text, &span),
        message => (span, Problem::new(message, hint(message))),
    };
    file.error(span, problem.message).hint(problem.hint)
}

/// How messages begin when text stands without quotes, or nothing.
const NO_VALUE: [&str; 6] = [
    "string values must be quoted",
    "invalid float",
    "invalid integer",
    "invalid date",
    "invalid time",
    "invalid boolean",
];

fn no_value(text: &str, span: &Range<usize>) -> (Range<usize>, Problem) {
    let outside = |c: char| c.is_whitespace() || matches!(c, '=' | ',' | '[' | ']' | '#');
    let span = around(text, span, outside);
    let problem = match text.get(span.clone()) {
        None | Some("") => Problem::new("there is no value", "write one after the `=`"),
        Some(word) => {
            let hint = match word.to_lowercase().as_str() {
                boolean @ ("true" | "false") => format!("write {boolean}, in small letters"),
                _ => format!("text has to be in quotes: \"{word}\""),
            };
            Problem::new(format!("`{word}` is not a value"), hint)
        }
    };
    (span, problem)
}

fn duplicate(text: &str, span: Range<usize>) -> (Range<usize>, Problem) {
    let key = text.get(span.clone()).unwrap_or_default();
    let hint = match key {
        "client" | "list" => format!("write [[{key}]], with double brackets, each time"),
        _ => "keep one of the two".to_owned(),
    };
    (span, Problem::new(format!("`{key}` is there twice"), hint))
}

fn hint(message: &str) -> &'static str {
    if message.starts_with("missing comma between array elements") {
        "write a comma before it, or close the array above with a `]`"
    } else if message.ends_with("expected `\"`") {
        "close the text with a `\"`"
    } else {
        "the file has to be TOML: `[section]` lines, and `key = value` lines"
    }
}

/// A span widened to the nearest characters that are outside.
fn around(text: &str, span: &Range<usize>, outside: impl Fn(char) -> bool) -> Range<usize> {
    let before = text.get(..span.start).unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default();
    let start = before.rfind(&outside).map_or(0, |at| {
        let skipped = before.get(at..).and_then(|rest| rest.chars().next());
        at + skipped.map_or(0, char::len_utf8)
    });
    let end = after.find(&outside).map_or(text.len(), |at| span.end + at);
    start..end
}
