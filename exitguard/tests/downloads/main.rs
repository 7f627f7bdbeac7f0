//! Lists from servers, good ones and bad ones: what is put in force, and what stays.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod commands;
mod diff;
mod disk;
mod guards;
mod network;
mod patience;
mod progress;
mod server;
mod site;

use exitguard::config::{self, List, Source};
use exitguard::diagnostic::SourceFile;
use exitguard::lists;
use exitguard::lists::store::{Record, State, Store};
use exitguard::lists::update::{Fetcher, Limits, Outcome, Updater, accept};
use jiff::{SignedDuration, Timestamp};
use server::Server;
use std::fmt::Write;
use tempfile::TempDir;

/// A list, its server, a cache, and a clock.
struct World {
    server: Server,
    cache: TempDir,
    list: List,
    now: Timestamp,
    limits: Limits,
    force: bool,
}

impl World {
    fn new() -> Self {
        Self::with("")
    }

    /// With more keys for the list.
    fn with(keys: &str) -> Self {
        let server = Server::new();
        Self {
            list: list(&server.url("/feed.txt"), keys),
            server,
            cache: tempfile::tempdir().unwrap(),
            now: "2026-01-02T12:00:00Z".parse().unwrap(),
            limits: Limits::default(),
            force: false,
        }
    }

    fn store(&self) -> Store {
        Store::new(self.cache.path())
    }

    fn url(&self) -> &str {
        match &self.list.source {
            Source::Url(url) => url,
            Source::File(path) => panic!("{}", path.display()),
        }
    }

    /// Updates, a minute later than before.
    fn update(&mut self) -> Outcome {
        self.wait(SignedDuration::from_mins(1));
        let store = self.store();
        let _lock = store.lock().unwrap();
        let updater = Updater {
            store: &store,
            fetcher: &Fetcher::new(self.limits),
            force: self.force,
        };
        updater.update(&self.list, self.url(), self.now)
    }

    /// Updates, and gives why that failed.
    fn failure(&mut self) -> String {
        match self.update() {
            Outcome::Failed { why } => why,
            outcome => panic!("{outcome:?}"),
        }
    }

    fn wait(&mut self, time: SignedDuration) {
        self.now += time;
    }

    fn accept(&self) -> Option<usize> {
        let counts = accept(&self.store(), &self.list.name, self.url(), self.now).unwrap();
        counts.map(|counts| counts.entries())
    }

    fn record(&self) -> Record {
        self.store().record(&self.list.name).unwrap()
    }

    fn state(&self) -> State {
        self.record().state(self.url())
    }

    /// How many entries the daemon would have in force.
    fn in_force(&self) -> usize {
        let mut warnings = Vec::new();
        let loaded = lists::load(&self.list, self.cache.path(), &mut warnings).unwrap();
        assert_eq!(warnings, []);
        loaded.entries.len()
    }
}

fn list(url: &str, keys: &str) -> List {
    let text = format!(
        "[egress]\ntcp = []\nudp = []\n[[list]]\nname = \"feed\"\nsource = \"{url}\"\n\
         insecure = true\n# The addresses of the tests are special.\nbogons = true\n{keys}\n"
    );
    let checked = config::parse(&SourceFile::new("exitguard.toml", text)).unwrap();
    checked.config.lists.into_iter().next().unwrap()
}

/// A list of so many addresses.
fn addresses(count: usize) -> String {
    let mut text = "# addresses for documentation, and more\n".to_owned();
    for number in 0..count {
        let (high, low) = (number / 256, number % 256);
        writeln!(text, "198.18.{high}.{low}").unwrap();
    }
    text
}

fn accepted(entries: usize, was: Option<usize>) -> Outcome {
    Outcome::Accepted {
        entries,
        was,
        released: false,
    }
}
