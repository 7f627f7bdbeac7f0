//! What was found wrong or doubtful while the file was read.

use super::value::Value;
use crate::diagnostic::{Diagnostic, Severity, SourceFile};
use std::ops::Range;

/// What is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// Collects problems, so that all of them are told at once.
pub(super) struct Report<'a> {
    file: &'a SourceFile,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    pub(super) const fn new(file: &'a SourceFile) -> Self {
        Self {
            file,
            diagnostics: Vec::new(),
        }
    }

    pub(super) const fn file(&self) -> &'a SourceFile {
        self.file
    }

    pub(super) fn error(&mut self, span: Range<usize>, problem: Problem) {
        let error = self.file.error(span, problem.message).hint(problem.hint);
        self.diagnostics.push(error);
    }

    pub(super) fn warn(&mut self, span: Range<usize>, problem: Problem) {
        let warning = self.file.warning(span, problem.message).hint(problem.hint);
        self.diagnostics.push(warning);
    }

    /// What a value means, or an error where it stands.
    pub(super) fn read<'t, T>(
        &mut self,
        value: &Value<'t>,
        read: impl FnOnce(&Value<'t>) -> Result<T, Problem>,
    ) -> Option<T> {
        read(value)
            .map_err(|problem| self.error(value.span(), problem))
            .ok()
    }

    /// Errors and warnings, each in the order of the file.
    pub(super) fn into_diagnostics(mut self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.diagnostics.sort_by_cached_key(Diagnostic::position);
        self.diagnostics
            .into_iter()
            .partition(|diagnostic| diagnostic.severity() == Severity::Error)
    }
}
