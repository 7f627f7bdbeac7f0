//! Configuration and lists, read as `run` would.

use crate::config::{self, Config, ConfigError, List, Source};
use crate::daemon::{DaemonError, Overrides, PolicyFiles};
use crate::doctor::facts::{ListFacts, ListState, Policy};
use crate::lists::store::{State, Store};
use crate::lists::{ListError, Standing};
use crate::policy::{Network, compile};
use jiff::Timestamp;
use nix::unistd::{AccessFlags, access};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(super) fn policy(path: &Path) -> Policy {
    let files = PolicyFiles {
        config: path.to_owned(),
        overrides: Overrides::default(),
    };
    let read = files.read().and_then(|desired| {
        compile(&desired.config, desired.lists.clone(), &Network::default())?;
        Ok(desired)
    });
    let mut is_hidden = false;
    let (config, error, warnings) = match read {
        Ok(desired) => (Some(desired.config), None, desired.warnings.len()),
        Err(error) => {
            let why = why(&error);
            is_hidden = is_denied(&error);
            let meant = match error {
                DaemonError::Config(ConfigError::Invalid { meant, .. }) => {
                    meant.map(|config| *config)
                }
                // A list is wrong, and the configuration is not.
                _ => config::load(path).map(|checked| checked.config).ok(),
            };
            (meant, Some(why), 0)
        }
    };
    Policy {
        path: path.to_owned(),
        config,
        error,
        is_hidden,
        warnings,
    }
}

fn is_denied(error: &DaemonError) -> bool {
    match error {
        DaemonError::Config(ConfigError::Read { error, .. })
        | DaemonError::List(ListError::Read { error, .. }) => {
            error.kind() == ErrorKind::PermissionDenied
        }
        _ => false,
    }
}

/// The error, and the first of the places that it is about.
fn why(error: &DaemonError) -> String {
    let place = error.diagnostics().first();
    let place = place.map(|place| format!(": {place}"));
    format!("{error}{}", place.unwrap_or_default())
}

/// Those that are downloaded.
pub(super) fn lists(config: &Config) -> Vec<ListFacts> {
    let store = Store::new(&config.list_cache);
    let downloaded = config.lists.iter().filter_map(|list| match &list.source {
        Source::Url(url) => Some((list.name.clone(), url)),
        Source::File(_) => None,
    });
    let facts = downloaded.map(|(name, url)| {
        let record = match store.record(&name) {
            Ok(record) => record,
            Err(error) => {
                let state = match error.kind() {
                    ErrorKind::PermissionDenied => ListState::Hidden,
                    _ => ListState::Failed(error.to_string()),
                };
                return ListFacts {
                    name,
                    state,
                    is_in_force: false,
                    age: None,
                };
            }
        };
        let state = match record.state(url) {
            State::Ok | State::Unchanged => ListState::Fine,
            State::Held => {
                let held = record.held.as_ref();
                ListState::Held(held.map(|held| held.reason.to_string()).unwrap_or_default())
            }
            // As the daemon would find it: the record alone does not tell.
            State::Stale => ListState::Failed("it is stale".to_owned()),
            State::Failed => ListState::Failed(record.error.clone().unwrap_or_default()),
            State::Never => ListState::Never,
        };
        ListFacts {
            name,
            state,
            is_in_force: record.accepted.is_some(),
            age: record
                .checked_at
                .map(|at| Timestamp::now().duration_since(at)),
        }
    });
    let files = config.lists.iter().filter(|list| match list.source {
        Source::File(_) => true,
        Source::Url(_) => false,
    });
    facts
        .chain(files.map(|list| file(list, &config.list_cache)))
        .collect()
}

/// A list that is a file, as the daemon would take it.
fn file(list: &List, cache: &Path) -> ListFacts {
    let taken = crate::lists::take(list, cache, None, crate::lists::now(), &mut Vec::new());
    let condition = taken.memory.condition;
    let why = condition.why.unwrap_or_default();
    ListFacts {
        name: list.name.clone(),
        state: match condition.standing {
            Standing::Current => ListState::Fine,
            Standing::Held => ListState::Held(why),
            Standing::Stale | Standing::LastGood | Standing::Missing => ListState::Failed(why),
        },
        is_in_force: condition.standing != Standing::Missing,
        age: None,
    }
}

/// The folder of downloads, and why it cannot be written to, if so. One that is not there yet is made where its
/// nearest neighbour above permits.
pub(super) fn cache(config: &Config) -> (PathBuf, Option<String>) {
    let folder = config.list_cache.clone();
    let existing = folder.ancestors().find(|folder| folder.exists());
    let permitted = existing.map_or(Ok(()), |folder| {
        access(folder, AccessFlags::W_OK | AccessFlags::X_OK)
    });
    (folder, permitted.err().map(|errno| errno.desc().to_owned()))
}
