//! Accidents as they happened to published lists, rebuilt, and what stays in force through them.

mod accidents;
mod age;
mod disk;
mod downloads;
mod held;

use super::*;
use crate::config;
use crate::diagnostic::SourceFile;
use crate::lists::standing::Standing;
use ipnet::{IpNet, Ipv4Net};
use jiff::SignedDuration;
use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;
use tempfile::TempDir;

/// A list that is a file, a cache, a clock, and a daemon that remembers.
struct World {
    folder: TempDir,
    list: List,
    now: Timestamp,
    running: Option<Taken>,
}

impl World {
    fn new() -> Self {
        Self::with("")
    }

    /// With more keys for the list.
    fn with(keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            list: list(&folder.path().join("feed.txt").to_string_lossy(), keys),
            folder,
            now: "2026-01-02T12:00:00Z".parse().unwrap(),
            running: None,
        }
    }

    /// A world in which a daemon took this text.
    fn after(text: &str) -> Self {
        let mut world = Self::new();
        world.write(text);
        assert_eq!(world.start(), (Standing::Current, text.lines().count()));
        world
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("feed.txt")
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn kept(&self) -> PathBuf {
        self.cache().join(FOLDER)
    }

    fn write(&self, text: impl AsRef<[u8]>) {
        fs::write(self.file(), text).unwrap();
    }

    /// What anybody would take who keeps nothing, and what is said about it.
    fn look(&self) -> (Taken, String) {
        let mut warnings = Vec::new();
        let before = self.running.as_ref();
        let before = before.map(|taken| (&taken.list, &taken.memory));
        let taken = take(&self.list, &self.cache(), before, self.now, &mut warnings);
        let said = warnings.iter().map(|warning| warning.render(false));
        (taken, said.collect::<Vec<_>>().join("\n"))
    }

    /// What a daemon takes that starts now, a minute later than anything before.
    fn start(&mut self) -> (Standing, usize) {
        self.running = None;
        self.reload()
    }

    /// What the daemon takes when it is told to reload.
    fn reload(&mut self) -> (Standing, usize) {
        self.now += SignedDuration::from_mins(1);
        let (mut taken, _) = self.look();
        // Whether it can be kept is asked elsewhere.
        let _ = taken.memory.keep(&self.list.name, &self.cache());
        let standing = taken.memory.condition.standing;
        let entries = taken.list.entries.len();
        self.running = Some(taken);
        (standing, entries)
    }

    fn accept(&self) -> Option<usize> {
        let counts = accept(&self.list, &self.cache(), self.now).unwrap();
        counts.map(|counts| counts.entries())
    }

    fn why(&self) -> &str {
        let condition = &self.running.as_ref().unwrap().memory.condition;
        condition.why.as_deref().unwrap_or_default()
    }
}

fn list(source: &str, keys: &str) -> List {
    let text = format!(
        "[egress]\ntcp = []\nudp = []\n[[list]]\nname = \"feed\"\nsource = \"{source}\"\n\
         # The addresses of the tests are special.\nbogons = true\n{keys}\n"
    );
    let checked = config::parse(&SourceFile::new("exitguard.toml", text)).unwrap();
    checked.config.lists.into_iter().next().unwrap()
}

/// A list of so many addresses.
fn addresses(count: u32) -> String {
    prefixes(count, 32)
}

/// A list of so many prefixes, one after the other.
fn prefixes(count: u32, length: u8) -> String {
    let mut text = String::new();
    for number in 0..count {
        let first = u32::from(Ipv4Addr::new(10, 0, 0, 0));
        let net = Ipv4Net::new((first + (number << (32 - length))).into(), length).unwrap();
        let net = IpNet::V4(net);
        match length {
            32 => writeln!(text, "{}", net.addr()).unwrap(),
            _ => writeln!(text, "{net}").unwrap(),
        }
    }
    text
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
