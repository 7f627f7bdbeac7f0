//! A policy out of the texts that an operator would write.

use anyhow::{Context, Result, anyhow};
use exitguard::config::{self, ConfigError, Source};
use exitguard::diagnostic::SourceFile;
use exitguard::lists::{self, LoadedList};
use exitguard::policy::{self, Compiled, Labels, Network, Overlay};

/// A policy, ready for the kernel, and what its numbers are called.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its tables.
    pub compiled: Compiled,
    /// Its words.
    pub labels: Labels,
}

impl Policy {
    /// Compiles a configuration. Where it names the source of a list, `lists` has the text of that file.
    ///
    /// # Errors
    /// When a text is not valid, with all that is wrong in it.
    pub fn new(config: &str, lists: &[(&str, &str)], network: &Network) -> Result<Self> {
        let file = SourceFile::new("exitguard.toml", config);
        let config = match config::parse(&file) {
            Ok(checked) => checked.config,
            Err(ConfigError::Invalid { diagnostics, .. }) => return Err(invalid(&diagnostics)),
            Err(error) => return Err(error.into()),
        };
        let mut loaded = Vec::new();
        for list in &config.lists {
            let (source, text) = lists
                .iter()
                .find(|(source, _)| list.source == Source::File(source.into()))
                .with_context(|| format!("no text for {}", list.source))?;
            let file = SourceFile::new(*source, *text);
            let entries =
                lists::parse(&file, &mut Vec::new()).map_err(|errors| invalid(&errors))?;
            loaded.push(LoadedList {
                name: list.name.clone(),
                action: list.action,
                entries,
                left_out: lists::Entries::default(),
                names: 0,
            });
        }
        let (compiled, labels) = policy::compile(&config, loaded, network)?;
        Ok(Self { compiled, labels })
    }

    /// The same policy under changes at run time.
    #[must_use]
    pub fn under(&self, overlay: &Overlay) -> Self {
        Self {
            compiled: Compiled {
                overlay: overlay.clone(),
                ..self.compiled.clone()
            },
            labels: self.labels.under(overlay.clone()),
        }
    }
}

fn invalid(diagnostics: &[exitguard::diagnostic::Diagnostic]) -> anyhow::Error {
    let all: String = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.render(false))
        .collect();
    anyhow!("{all}")
}
