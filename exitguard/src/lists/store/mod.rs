//! The lists that were downloaded: the last accepted version of each, and what is known about it.
//!
//! A list has one state file, `NAME.json`, and a body for each version that the state names, under its
//! digest. A body is complete before a state names it, and the rename of the state is the moment at which
//! a version becomes the accepted one: a crash at any other moment leaves files that nobody looks at, and
//! that the next update removes.

mod record;
#[cfg(test)]
mod tests;

pub use record::{Counts, Covered, Family, Held, Reason, Record, State, Version};

use super::read;
use crate::atomic_file;
use nix::fcntl::{Flock, FlockArg};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Lists are public, and `check` and `status` need no privileges.
const MODE: u32 = 0o644;

/// The folder of the lists that were downloaded.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// Held by the one process that changes the folder.
#[derive(Debug)]
pub struct Lock {
    _folder: Flock<File>,
}

/// How much of a digest is in the name of a file: names have to fit 255 bytes.
const SHORT_DIGEST: usize = 32;

impl Store {
    /// The lists in a folder, which need not be there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Makes the folder, takes the lock, and removes what a crash left.
    ///
    /// # Errors
    /// When the system says so; `WouldBlock` when another process has the lock.
    pub fn lock(&self) -> io::Result<Lock> {
        fs::create_dir_all(&self.folder)?;
        let folder = File::open(&self.folder)?;
        let folder = Flock::lock(folder, FlockArg::LockExclusiveNonblock)
            .map_err(|(_, errno)| io::Error::from(errno))?;
        atomic_file::remove_leftovers(&self.folder)?;
        Ok(Lock { _folder: folder })
    }

    /// What is known about a list; nothing about one that was never updated.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn record(&self, name: &str) -> io::Result<Record> {
        match fs::read(self.record_path(name)) {
            Ok(json) => Ok(serde_json::from_slice(&json)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Record::default()),
            Err(error) => Err(error),
        }
    }

    /// A version as it was downloaded.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was downloaded.
    pub fn body(&self, name: &str, version: &Version) -> io::Result<Vec<u8>> {
        let bytes = read(&self.body_path(name, version))?;
        if digest(&bytes) != version.sha256 {
            return Err(io::Error::other("it is not what was downloaded"));
        }
        Ok(bytes)
    }

    /// Keeps a body, and gives its digest. It counts from when a record names it.
    ///
    /// # Errors
    /// When the system says so; nothing is changed then.
    pub fn save_body(&self, name: &str, bytes: &[u8]) -> io::Result<String> {
        let digest = digest(bytes);
        atomic_file::write(&self.body_of(name, &digest), bytes, MODE)?;
        Ok(digest)
    }

    /// Keeps a record, and removes the bodies that it does not name.
    ///
    /// # Errors
    /// When the system says so; the record that was there is still there then.
    pub fn save(&self, name: &str, record: &Record) -> io::Result<()> {
        let mut json = serde_json::to_vec_pretty(record)?;
        json.push(b'\n');
        atomic_file::write(&self.record_path(name), &json, MODE)?;
        let held = record.held.as_ref().map(|held| &held.version);
        let needed: Vec<PathBuf> = record
            .accepted
            .iter()
            .chain(held)
            .map(|version| self.body_path(name, version))
            .collect();
        let prefix = format!("{}.", escape(name));
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let file = path.file_name().and_then(|file| file.to_str());
            let is_body = file.is_some_and(|file| {
                file.strip_prefix(&prefix)
                    .is_some_and(|rest| rest.ends_with(BODY))
            });
            if is_body && !needed.contains(&path) {
                // Whatever is left is removed by the next update.
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }

    /// The addresses that were kept of Tailscale's relays.
    ///
    /// # Errors
    /// When they cannot be read or understood.
    pub fn relays(&self) -> io::Result<Vec<IpAddr>> {
        Ok(serde_json::from_slice(&fs::read(self.relays_path())?)?)
    }

    /// Keeps the addresses of Tailscale's relays.
    ///
    /// # Errors
    /// When the system says so; those that were there are still there then.
    pub fn save_relays(&self, addresses: &[IpAddr]) -> io::Result<()> {
        atomic_file::write(&self.relays_path(), &serde_json::to_vec(addresses)?, MODE)
    }

    /// No list has a file of this name: its dot would be escaped.
    fn relays_path(&self) -> PathBuf {
        self.folder.join(".relays.json")
    }

    /// The state file of a list.
    pub fn record_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}.json", escape(name)))
    }

    /// The file of a version.
    pub fn body_path(&self, name: &str, version: &Version) -> PathBuf {
        self.body_of(name, &version.sha256)
    }

    fn body_of(&self, name: &str, digest: &str) -> PathBuf {
        let short = digest.get(..SHORT_DIGEST).unwrap_or(digest);
        self.folder.join(format!("{}.{short}{BODY}", escape(name)))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

const BODY: &str = ".list";

/// The digest of a body.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A name as part of the name of a file: names of lists may hold slashes and dots.
fn escape(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            text.push(char::from(byte));
        } else {
            // As above.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
