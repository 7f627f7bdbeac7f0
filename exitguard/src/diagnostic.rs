//! What is wrong with a file a person wrote: where, what, and what to do.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file and its text, for pointing into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    path: PathBuf,
    text: Arc<str>,
    origin: Origin,
}

/// What of a file stands before the text that is kept of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Origin {
    lines: u32,
    /// Of the first line that is kept.
    columns: u32,
}

/// A place in a file, kept for what may turn out to be wrong with it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: SourceFile,
    span: Range<usize>,
}

impl Place {
    /// Something wrong here.
    pub fn error(&self, message: impl Into<String>) -> Diagnostic {
        self.file.error(self.span.clone(), message)
    }

    /// Something to look at here.
    pub fn warning(&self, message: impl Into<String>) -> Diagnostic {
        self.file.warning(self.span.clone(), message)
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is applied.
    Error,
    /// It is applied, perhaps not as it was meant.
    Warning,
}

/// One thing to say about one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    file: SourceFile,
    span: Range<usize>,
    severity: Severity,
    message: String,
    hint: Option<String>,
}

impl SourceFile {
    /// A file that was read.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            origin: Origin::default(),
        }
    }

    /// A line of a file that is too large to keep, or a part of it, with its number, from 1, and the columns
    /// before the part.
    pub fn excerpt(
        path: impl Into<PathBuf>,
        text: impl Into<Arc<str>>,
        (line, columns): (usize, usize),
    ) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (lines, columns) = (count(line.saturating_sub(1)), count(columns));
        Self {
            path: path.into(),
            text: text.into(),
            origin: Origin { lines, columns },
        }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The place of `span`, in bytes of the text.
    pub fn place(&self, span: Range<usize>) -> Place {
        Place {
            file: self.clone(),
            span,
        }
    }

    /// Something wrong at `span`, in bytes of the text.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        self.diagnostic(Severity::Error, span, &message.into())
    }

    /// Something doubtful at `span`.
    pub fn warning(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        self.diagnostic(Severity::Warning, span, &message.into())
    }

    fn diagnostic(&self, severity: Severity, span: Range<usize>, message: &str) -> Diagnostic {
        let end = self.text.floor_char_boundary(span.end);
        let span = self.text.floor_char_boundary(span.start).min(end)..end;
        Diagnostic {
            file: self.clone(),
            span,
            severity,
            message: printable(message),
            hint: None,
        }
    }
}

impl Diagnostic {
    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(printable(&hint.into()));
        self
    }

    /// A warning at the same place.
    #[must_use]
    pub fn to_warning(&self, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            message: printable(&message.into()),
            ..self.clone()
        }
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether it says what to do.
    pub const fn has_hint(&self) -> bool {
        self.hint.is_some()
    }

    /// Line and column, from 1; columns count characters.
    pub fn position(&self) -> (usize, usize) {
        let before = self.file.text.get(..self.span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let Origin { lines, columns } = self.file.origin;
        match before.matches('\n').count() {
            0 => (lines as usize + 1, columns as usize + column),
            after => (lines as usize + after + 1, column),
        }
    }

    /// The diagnostic with the line it is about, for a terminal (`color`) or a file.
    pub fn render(&self, color: bool) -> String {
        let (line, _) = self.position();
        let [before, within, after] = self.line().map(printable);
        let span = before.len()..before.len() + within.len();
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = format!("{}: {}", self.place(), self.message);
        let snippet = Snippet::source(format!("{before}{within}{after}"))
            .line_start(line)
            .annotation(AnnotationKind::Primary.span(span));
        let mut group = level.primary_title(title).element(snippet);
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }

    /// `file:line:column`.
    fn place(&self) -> String {
        let (line, column) = self.position();
        let path = printable(&self.file.path.to_string_lossy());
        format!("{path}:{line}:{column}")
    }

    /// The first line of the span, in three parts: before it, within it, after it. Of a very long line, what
    /// is near.
    fn line(&self) -> [&str; 3] {
        let (before, rest) = self.file.text.split_at(self.span.start);
        let before = before.rsplit('\n').next().unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let (within, after) = line.split_at(line.len().min(self.span.len()));
        let last = before.ceil_char_boundary(before.len().saturating_sub(NEAR_BYTES));
        [
            before.get(last..).unwrap_or_default(),
            within
                .get(..within.floor_char_boundary(NEAR_BYTES))
                .unwrap_or_default(),
            after
                .get(..after.floor_char_boundary(NEAR_BYTES))
                .unwrap_or_default(),
        ]
    }
}

/// More than a terminal is wide. A list may be a single line of many megabytes.
const NEAR_BYTES: usize = 500;

/// One line: `file:line:column: error: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}: {severity}: {}", self.place(), self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// The text with escapes in place of what would move the cursor, colour the terminal or turn the direction
/// of writing: files come from the network, too.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' | '\t' => printable.push(c),
            _ => printable.extend(c.escape_debug()),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn points_at_the_offending_text() {
        let file = SourceFile::new("a.toml", "mode = \"x\"\ntcp = [ä, 70000]\n");
        let start = file.text().find("70000").unwrap();
        let diagnostic = file
            .error(start..start + 5, "port 70000 does not exist")
            .hint("ports are 1 to 65535");
        assert_eq!(diagnostic.position(), (2, 11));
        assert_eq!(
            diagnostic.to_string(),
            "a.toml:2:11: error: port 70000 does not exist; ports are 1 to 65535"
        );
        insta::assert_snapshot!(diagnostic.render(false));
    }

    #[test]
    fn a_span_at_the_very_end_or_over_several_lines_still_renders() {
        let file = SourceFile::new("a.toml", "one\ntwo\n");
        for (span, position) in [
            (8..8, "3:1"),
            (0..8, "1:1"),
            (3..4, "1:4"),
            (4..100, "2:1"),
            (100..200, "3:1"),
        ] {
            let rendered = file.error(span, "wrong").render(false);
            let title = format!("error: a.toml:{position}: wrong\n");
            assert!(rendered.starts_with(&title), "{rendered}");
        }
        let empty = SourceFile::new("empty", "").error(0..0, "nothing in it");
        assert_eq!(empty.position(), (1, 1));
        assert!(empty.render(false).contains("empty:1:1: nothing in it"));
    }

    #[test]
    fn what_would_change_the_terminal_is_shown_as_an_escape() {
        // An escape sequence, the same with the C1 form of its first two bytes, and a turn of direction.
        let evil = "\u{1b}[31m \u{9b}31m \u{202e} \u{7f}";
        let file = SourceFile::new(format!("{evil}.txt"), format!("ok {evil} 1.2.3.4 {evil}\n"));
        let start = file.text().find("1.2.3.4").unwrap();
        let warning = file.warning(start..start + 7, evil).hint(evil);
        insta::assert_snapshot!(warning.render(false));
        let all = warning.render(false) + &warning.to_string();
        assert!(
            !all.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7f}']),
            "{all:?}"
        );
    }

    #[test]
    fn an_excerpt_is_pointed_at_as_in_the_whole_file() {
        let file = SourceFile::excerpt("big.txt", "ends here", (70_001, 0));
        let warning = file.error(5..9, "wrong").hint("right").to_warning("odd");
        assert_eq!(warning.to_string(), "big.txt:70001:6: warning: odd; right");
        assert!(warning.render(false).contains("70001 | ends here"));
        let part = SourceFile::excerpt("big.txt", "ends here", (2, 600));
        assert_eq!(part.error(5..9, "wrong").position(), (2, 606));
    }

    #[test]
    fn of_a_very_long_line_only_what_is_near_is_shown() {
        let text = format!("{0}here{0}", "äö ".repeat(1_000_000));
        let start = text.find("here").unwrap();
        let file = SourceFile::new("long.txt", text);
        let rendered = file.error(start..start + 4, "wrong").render(false);
        assert!(rendered.len() < 1_000, "{} bytes", rendered.len());
        assert!(rendered.contains("äö here"), "{rendered}");
        let rendered = file.error(0..usize::MAX, "wrong").render(false);
        assert!(rendered.len() < 3_000, "{} bytes", rendered.len());
    }

    proptest! {
        #[test]
        fn every_span_of_every_text_renders(
            text in "(\\PC|[\r\n\t\u{0}-\u{1f}\u{80}-\u{9f}]){0,40}",
            start in 0usize..120,
            length in 0usize..60,
            color in any::<bool>(),
        ) {
            let file = SourceFile::new("a", text.as_str());
            let diagnostic = file.error(start..start + length, text.as_str());
            let (line, column) = diagnostic.position();
            prop_assert!(line <= text.matches('\n').count() + 1);
            let shown = text.split('\n').nth(line - 1).unwrap();
            prop_assert!(column <= shown.chars().count() + 1);
            let title = format!("a:{line}:{column}: ");
            prop_assert!(diagnostic.render(color).contains(&title));
            prop_assert!(diagnostic.to_string().starts_with(&title));
        }
    }
}
