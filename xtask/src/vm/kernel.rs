//! Kernels, kept once they were fetched: in `$XDG_CACHE_HOME/exitguard/kernels`, where all clones of the
//! repository find them, and `cargo clean` does not. Old ones vanish from archives.

use super::archive::Archive;
use super::modules::{self, WANTED};
use super::tools;
use super::versions::Version;
use crate::command;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A kernel with its modules.
#[derive(Debug)]
pub(super) struct Kernel {
    folder: PathBuf,
}

impl Kernel {
    /// What the machine boots.
    pub(super) fn image(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    /// The folder of its modules; their names sort in the order to load them in.
    pub(super) fn modules(&self) -> PathBuf {
        self.folder.join("modules")
    }

    /// As the kernel says it.
    pub(super) fn release(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.join("release"))?)
    }

    /// The one that was kept, if it has the modules that tests use now.
    fn kept(folder: &Path) -> Option<Self> {
        let wanted = fs::read_to_string(folder.join("wanted")).ok()?;
        (wanted == WANTED.join(" ")).then(|| Self {
            folder: folder.to_owned(),
        })
    }
}

/// Where kernels are kept.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
}

impl Store {
    /// # Errors
    /// When there is no place for caches.
    pub(super) fn of_this_user() -> Result<Self> {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || std::env::home_dir().map(|home| home.join(".cache"));
        let cache = cache.filter(|path| path.is_absolute()).or_else(home);
        let cache = cache.context("found neither XDG_CACHE_HOME nor a home")?;
        Ok(Self {
            folder: cache.join("exitguard/kernels"),
        })
    }

    /// Gets some kernels: from the store, and from Debian's archive what is not in there, or everything that is
    /// `fresh`. Why one could not be had stands in its place.
    ///
    /// # Errors
    /// When a program is missing that it takes to fetch any.
    pub(super) fn get(&self, versions: &[Version], source: Source) -> Result<Vec<Result<Kernel>>> {
        let kept = |version: &Version| Kernel::kept(&self.folder(version));
        let is_to_fetch = |version: &Version| match source {
            Source::Store => false,
            Source::Missing => kept(version).is_none(),
            Source::Archive => true,
        };
        let to_fetch: Vec<_> = versions
            .iter()
            .filter(|version| is_to_fetch(version))
            .cloned()
            .collect();
        let archive = if to_fetch.is_empty() {
            None
        } else {
            tools::check_to_fetch()?;
            println!("fetching {}", names(&to_fetch));
            Some(Archive::open(&self.folder.join("apt"), &to_fetch))
        };
        let get = |version: &Version| match &archive {
            Some(archive) if to_fetch.contains(version) => match archive {
                Ok(archive) => self.fetch(version, archive),
                Err(error) => bail!("{error:#}"),
            },
            _ => kept(version).context("it was not fetched before"),
        };
        Ok(versions.iter().map(get).collect())
    }

    fn folder(&self, version: &Version) -> PathBuf {
        self.folder.join(version.to_string())
    }

    /// Builds aside, and replaces what was there.
    fn fetch(&self, version: &Version, archive: &Archive) -> Result<Kernel> {
        let aside = tempfile::tempdir_in(&self.folder)?;
        let (unpacked, built) = (aside.path().join("unpacked"), aside.path().join("built"));
        fs::create_dir_all(&unpacked)?;
        archive.unpack(version, &unpacked)?;
        build(&unpacked, &built)?;
        let folder = self.folder(version);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::rename(&built, &folder)?;
        Kernel::kept(&folder).context("it vanished")
    }
}

/// Where kernels may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// What was kept and nothing else.
    Store,
    /// What was kept; the archive for what was not.
    Missing,
    /// The archive.
    Archive,
}

/// Takes out of an unpacked package what a guest needs.
fn build(unpacked: &Path, into: &Path) -> Result<()> {
    // Before 6.12, and since.
    let base = [unpacked.to_owned(), unpacked.join("usr")]
        .into_iter()
        .find(|base| base.join("lib/modules").is_dir())
        .context("no modules in the package")?;
    let folder = only_entry(&base.join("lib/modules"))?;
    let release = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .context("modules of no release")?;
    let places = [
        folder.join("vmlinuz"),
        unpacked.join("boot").join(format!("vmlinuz-{release}")),
    ];
    let image = places.iter().find(|place| place.is_file());
    let image = image.context("no kernel in the package")?;
    command::run(
        Command::new("depmod")
            .arg("-b")
            .arg(&base)
            .arg(&release)
            .env("PATH", path_of_root()),
    )?;
    modules::extract(&folder, &into.join("modules"))?;
    fs::copy(image, into.join("vmlinuz"))?;
    fs::write(into.join("release"), release)?;
    fs::write(into.join("wanted"), WANTED.join(" "))?;
    Ok(())
}

/// depmod is where not everybody looks for programs.
fn path_of_root() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin")
}

fn only_entry(folder: &Path) -> Result<PathBuf> {
    let entry = fs::read_dir(folder)?.next();
    let entry = entry.with_context(|| format!("{} is empty", folder.display()))?;
    Ok(entry?.path())
}

fn names(versions: &[Version]) -> String {
    let names: Vec<_> = versions.iter().map(Version::to_string).collect();
    names.join(", ")
}
