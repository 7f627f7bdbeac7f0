//! The policy as its files want it.

use super::error::DaemonError;
use crate::changes::Book;
use crate::config::{self, Config, Fail, Interface, Mode};
use crate::diagnostic::Diagnostic;
use crate::host::TAILSCALED;
use crate::lists::{self, ListError, LoadedList, Memory, Relays};
use crate::policy::{CompileError, Compiled, Labels, Network, collisions, compile};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the command line says in the place of the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Instead of `mode`.
    pub mode: Option<Mode>,
    /// Instead of `interface`.
    pub interface: Option<Interface>,
    /// Instead of where tailscaled usually answers.
    pub tailscaled: Option<PathBuf>,
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
#[derive(Debug)]
pub struct Desired {
    /// The configuration, overrides applied.
    pub config: Config,
    /// What can be put in force of the lists, by their bit.
    pub lists: Arc<[LoadedList]>,
    /// What is known about each of them.
    pub memories: Vec<Memory>,
    /// What a person should look at.
    pub warnings: Vec<Diagnostic>,
    relays: Relays,
}

impl Desired {
    fn known(&self, name: &str) -> Option<(&LoadedList, &Memory)> {
        self.known_lists().find(|(list, _)| list.name == name)
    }

    /// Keeps what is in force, for the day on which a list cannot be read. What cannot be kept is told.
    pub(super) fn keep(&mut self) -> Vec<Diagnostic> {
        let Config {
            list_cache, lists, ..
        } = &self.config;
        let kept = self.memories.iter_mut().zip(lists);
        let failed = kept.filter_map(|(memory, list)| {
            let error = memory.keep(&list.name, list_cache).err()?;
            Some((list, error))
        });
        let failed: Vec<_> = failed.collect();
        let mut told = Vec::new();
        if let (Err(error), Some(list)) = (self.relays.keep(list_cache), lists.first()) {
            let folder = list_cache.display();
            let message =
                format!("cannot keep the addresses of Tailscale's relays in {folder}: {error}");
            let hint = "they are asked for again when the lists are read again";
            told.push(list.named_at.warning(message).hint(hint));
        }
        // Mostly they fail together, of the same cause.
        let Some((list, error)) = failed.first() else {
            return told;
        };
        let names = failed.iter().map(|(list, _)| format!("\"{}\"", list.name));
        let names = names.collect::<Vec<_>>().join(", ");
        let folder = list_cache.display();
        let message = format!("cannot keep a good version of {names} in {folder}: {error}");
        let hint = "what is in force stays in force; without a copy, a restart depends on the lists as they are then";
        told.push(list.named_at.warning(message).hint(hint));
        told
    }

    /// Each list, and what is known about it.
    pub(super) fn known_lists(&self) -> impl Iterator<Item = (&LoadedList, &Memory)> {
        self.lists.iter().zip(&self.memories)
    }

    /// Finds out what became of the lists since they were read.
    pub(super) fn look_at_lists(&mut self) {
        let Config {
            list_cache, lists, ..
        } = &self.config;
        for (memory, list) in self.memories.iter_mut().zip(lists) {
            memory.condition = memory.condition.again(list, list_cache, lists::now());
        }
    }

    /// The network, with what is known about Tailscale beside it.
    pub fn surroundings(&self, network: &Network) -> Network {
        Network {
            relays: self.relays.addresses.clone(),
            ..network.clone()
        }
    }

    /// The policy for a network, under changes at run time.
    ///
    /// # Errors
    /// When it does not fit the tables.
    pub fn compile(
        &self,
        network: &Network,
        book: &Book,
    ) -> Result<(Compiled, Labels), CompileError> {
        let surroundings = self.surroundings(network);
        let (mut policy, labels) = compile(&self.config, self.lists.clone(), &surroundings)?;
        policy.overlay = book.overlay();
        let labels = labels.under(policy.overlay.clone());
        Ok((policy, labels))
    }

    /// What of the lists is left out on this network because it must not be blocked.
    pub fn collisions(&self, network: &Network) -> Vec<Diagnostic> {
        let collisions = collisions(&self.lists, &self.surroundings(network));
        let warnings = collisions.iter();
        warnings
            .filter_map(|collision| collision.warning(&self.config))
            .collect()
    }
}

impl PolicyFiles {
    /// Reads everything. Of a list that cannot be used, the last good version is taken, and nothing if there
    /// is none; `warnings` say so.
    ///
    /// # Errors
    /// When the configuration is wrong: it is taken whole or not at all.
    pub fn read(&self) -> Result<Desired, DaemonError> {
        let (desired, _) = self.read_after(None)?;
        Ok(desired)
    }

    /// Reads everything, and takes only what is right.
    ///
    /// # Errors
    /// When any of it is wrong.
    pub fn check(&self) -> Result<Desired, DaemonError> {
        let (desired, error) = self.read_after(None)?;
        error.map_or(Ok(desired), |error| Err(error.into()))
    }

    /// Reads everything again. What is in force of a list stays rather than nothing.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub(super) fn read_again(&self, before: &Desired) -> Result<Desired, DaemonError> {
        let (desired, _) = self.read_after(Some(before))?;
        Ok(desired)
    }

    fn read_after(
        &self,
        before: Option<&Desired>,
    ) -> Result<(Desired, Option<ListError>), DaemonError> {
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
        let (mut lists, mut memories, mut first_error) = (Vec::new(), Vec::new(), None);
        for list in &config.lists {
            let known = before.and_then(|before| before.known(&list.name));
            let taken = lists::take(list, &config.list_cache, known, lists::now(), &mut warnings);
            let mut taken_list = taken.list;
            if let Some((before, _)) = known {
                taken_list.share(before);
            }
            lists.push(taken_list);
            memories.push(taken.memory);
            first_error = first_error.or(taken.error);
        }
        // Only lists could block them.
        let relays = if config.lists.is_empty() {
            Relays::default()
        } else {
            let socket = self.overrides.tailscaled.as_deref();
            let socket = socket.unwrap_or(Path::new(TAILSCALED));
            Relays::find(&config.list_cache, socket)
        };
        let desired = Desired {
            relays,
            config,
            lists: lists.into(),
            memories,
            warnings,
        };
        Ok((desired, first_error))
    }
}
