//! The configuration file: read section by section, checked as a whole, meant as a [`Config`].

mod check;
mod clients;
mod example;
mod formats;
mod listen;
mod lists;
mod model;
mod ports;
mod protocols;
mod report;
mod rule;
mod section;
mod suggest;
mod syntax;
#[cfg(test)]
mod tests;
mod value;
mod values;

pub use example::EXAMPLE;
pub use formats::parse_format;
pub use model::{
    Attach, Client, Config, EventSettings, Fail, Interface, List, ListAction, Listen, Mode, OnDeny,
    OnExit, Protocols, RuleSpec, Source,
};
pub use protocols::protocol_name;
pub(crate) use protocols::{protocol_names, protocol_number};
pub use report::Problem;
pub(crate) use suggest::closest;
pub(crate) use values::prefix as parse_prefix;
pub use values::{parse_age, parse_duration, parse_interface};

use crate::diagnostic::{Diagnostic, SourceFile};
use report::Report;
use section::Section;
use std::io;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Where the configuration is when nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/exitguard/exitguard.toml";

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}{}", path.display(), advice(error))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is wrong.
    #[error("{} is not a valid configuration", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it.
        diagnostics: Vec<Diagnostic>,
        /// What was probably meant, unless it is no TOML at all. Never to be put in force; it tells where a
        /// daemon that runs with a former version of the file can be asked.
        meant: Option<Box<Config>>,
    },
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; `exitguard config example` prints one to begin with",
        _ => "",
    }
}

/// A configuration, and what is doubtful about it.
#[derive(Debug)]
pub struct Checked {
    /// What is meant.
    pub config: Config,
    /// What a person should look at.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and checks a configuration file.
///
/// # Errors
/// When the file cannot be read or anything in it is wrong. All that is wrong is reported at once, unless
/// it is no TOML at all.
pub fn load(path: &Path) -> Result<Checked, ConfigError> {
    let bytes = std::fs::read(path).map_err(|error| ConfigError::Read {
        path: path.to_owned(),
        error,
    })?;
    parse_bytes(path, bytes)
}

/// Checks what was read from a configuration file.
///
/// # Errors
/// As [`load`], for anything that is wrong in it.
pub fn parse_bytes(path: &Path, bytes: Vec<u8>) -> Result<Checked, ConfigError> {
    let file = syntax::decode(path, bytes).map_err(|diagnostic| ConfigError::Invalid {
        path: path.to_owned(),
        diagnostics: vec![diagnostic],
        meant: None,
    })?;
    parse(&file)
}

/// Checks the text of a configuration file. List paths are relative to its folder.
///
/// # Errors
/// As [`load`].
pub fn parse(file: &SourceFile) -> Result<Checked, ConfigError> {
    let invalid = |diagnostics, meant| ConfigError::Invalid {
        path: file.path().to_owned(),
        diagnostics,
        meant,
    };
    let table = DeTable::parse(file.text())
        .map_err(|error| invalid(vec![syntax::explain(file, &error)], None))?;
    let mut report = Report::new(file);
    let config = check::file(Section::top(file.text(), table.get_ref()), &mut report);
    match report.into_diagnostics() {
        (errors, warnings) if errors.is_empty() => Ok(Checked { config, warnings }),
        (errors, _) => Err(invalid(errors, Some(Box::new(config)))),
    }
}
