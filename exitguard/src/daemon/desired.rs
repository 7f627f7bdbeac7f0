//! The policy as its files want it.

use super::error::DaemonError;
use crate::config::{self, Config, Fail, Interface, Mode};
use crate::diagnostic::Diagnostic;
use crate::lists::{self, LoadedList};
use crate::policy::{Network, collisions};
use std::path::PathBuf;
use std::sync::Arc;

/// What the command line says in the place of the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Instead of `mode`.
    pub mode: Option<Mode>,
    /// Instead of `interface`.
    pub interface: Option<Interface>,
}

/// Where the policy comes from. Read again for every reload.
#[derive(Clone, Debug)]
pub struct PolicyFiles {
    /// The configuration, which names the lists.
    pub config: PathBuf,
    /// What wins over it.
    pub overrides: Overrides,
}

/// A policy as it is wanted.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The configuration, overrides applied.
    pub config: Config,
    /// The lists, by their bit.
    pub lists: Arc<[LoadedList]>,
    /// What a person should look at.
    pub warnings: Vec<Diagnostic>,
}

impl Desired {
    /// What of the lists is left out on this network because it must not be blocked.
    pub fn collisions(&self, network: &Network) -> Vec<Diagnostic> {
        let collisions = collisions(&self.lists, network);
        let warnings = collisions.iter();
        warnings
            .filter_map(|collision| collision.warning(&self.config))
            .collect()
    }
}

impl PolicyFiles {
    /// Reads everything.
    ///
    /// # Errors
    /// When any of it is wrong: a policy is taken whole or not at all.
    pub fn read(&self) -> Result<Desired, DaemonError> {
        let config::Checked {
            mut config,
            mut warnings,
        } = config::load(&self.config)?;
        if let Some(mode) = self.overrides.mode {
            config.mode = mode;
        }
        if let Some(interface) = &self.overrides.interface {
            config.interface = interface.clone();
        }
        if config.fail == Fail::Closed && config.interface == Interface::Auto {
            return Err(DaemonError::GateWithoutName);
        }
        let lists = config
            .lists
            .iter()
            .map(|list| lists::load(list, &config.list_cache, &mut warnings))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Desired {
            config,
            lists: lists.into(),
            warnings,
        })
    }
}
