//! Why a list could not be loaded.

use super::Refusal;
use crate::config::List;
use crate::diagnostic::Diagnostic;
use std::io;
use std::path::{Path, PathBuf};

/// Why a list could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file cannot be read.
    #[error("list \"{name}\": {}", self.why())]
    Read {
        /// Name of the list.
        name: String,
        /// Its file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
        /// The same, where the configuration names the file.
        diagnostic: Box<Diagnostic>,
    },
    /// The file is no list, or not all of one.
    #[error("list \"{name}\": {}", self.why())]
    Refused {
        /// Name of the list.
        name: String,
        /// Its file.
        path: PathBuf,
        /// Why.
        refusal: Refusal,
        /// The same, where the configuration names the file.
        diagnostic: Box<Diagnostic>,
    },
    /// Lines that are not addresses.
    #[error("list \"{name}\": {}", self.why())]
    Parse {
        /// Name of the list.
        name: String,
        /// How many such lines there are.
        count: usize,
        /// The first of them.
        diagnostics: Vec<Diagnostic>,
    },
}

impl ListError {
    pub(super) fn read(list: &List, path: PathBuf, error: io::Error, hint: &str) -> Self {
        let why = format!("cannot read {}: {error}", path.display());
        Self::Read {
            name: list.name.clone(),
            path,
            error,
            diagnostic: Box::new(list.named_at.error(why).hint(hint)),
        }
    }

    pub(super) fn refused(list: &List, path: &Path, refusal: Refusal) -> Self {
        let why = format!("{} is not taken: {refusal}", path.display());
        Self::Refused {
            name: list.name.clone(),
            path: path.to_owned(),
            diagnostic: Box::new(list.named_at.error(why).hint(refusal.remedy())),
            refusal,
        }
    }

    /// The same, without the name of the list.
    pub fn why(&self) -> String {
        match self {
            Self::Read { path, error, .. } => format!("cannot read {}: {error}", path.display()),
            Self::Refused { path, refusal, .. } => {
                format!("{} is not taken: {refusal}", path.display())
            }
            Self::Parse {
                count, diagnostics, ..
            } => {
                let first = diagnostics.first().map(|first| format!(", as {first}"));
                let first = first.unwrap_or_default();
                format!("{count} of its lines cannot be read{first}")
            }
        }
    }

    /// What is wrong, where it is wrong.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Read { diagnostic, .. } | Self::Refused { diagnostic, .. } => {
                std::slice::from_ref(diagnostic)
            }
            Self::Parse { diagnostics, .. } => diagnostics,
        }
    }
}
