//! Debian's archive: what this machine's apt can reach, asked in a folder of our own, so that nothing of the
//! machine's lists and packages changes. apt verifies signatures.

use super::versions::Version;
use crate::command;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Package debian-archive-keyring.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// What Debian calls its releases; other archives have suites of other names.
const RELEASES: [&str; 5] = ["bullseye", "bookworm", "trixie", "forky", "sid"];
/// How the suites of security updates end.
const SECURITY: &str = "-security";

/// The lists of some suites.
#[derive(Debug)]
pub(super) struct Archive {
    folder: PathBuf,
    names: Vec<String>,
}

impl Archive {
    /// Reads the lists of all suites that versions may be in.
    ///
    /// # Errors
    /// When this machine's apt knows no archive of Debian, or none can be reached.
    pub(super) fn open(folder: &Path, versions: &[Version]) -> Result<Self> {
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let mut archive = Self {
            folder: folder.to_owned(),
            names: Vec::new(),
        };
        let suites: BTreeSet<_> = versions.iter().flat_map(Version::suites).collect();
        let mirrors = Mirrors::of_this_machine()?;
        let lines: String = suites
            .iter()
            .filter_map(|suite| Some((mirrors.of(suite)?, suite)))
            .map(|(mirror, suite)| {
                format!("deb [arch=amd64 signed-by={KEYS}] {mirror} {suite} main\n")
            })
            .collect();
        fs::write(folder.join("sources.list"), lines)?;
        // A suite that is gone fails here, those that are there can be used: what comes of it is seen below.
        let updated = archive
            .apt("apt-get")
            .args(["--quiet", "update"])
            .output()?;
        let names = archive
            .apt("apt-cache")
            .args(["pkgnames", "linux-"])
            .output()?;
        archive.names = String::from_utf8_lossy(&names.stdout)
            .lines()
            .map(str::to_owned)
            .collect();
        if archive.names.is_empty() {
            let said = String::from_utf8_lossy(&updated.stderr);
            bail!("cannot read Debian's archive:\n{}", said.trim());
        }
        Ok(archive)
    }

    /// Unpacks the newest kernel of a version that can be downloaded.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn unpack(&self, version: &Version, into: &Path) -> Result<()> {
        /// The index of an old suite may name files that are gone; but not for ever.
        const TRIES: usize = 4;
        let packages = version.packages(self.names.iter().map(String::as_str));
        let mut failures = Vec::new();
        for package in packages.iter().take(TRIES) {
            let parts = package.parts();
            match self.download(&parts) {
                Ok(files) => {
                    for file in files {
                        command::run(Command::new("dpkg-deb").arg("-x").arg(file).arg(into))?;
                    }
                    return Ok(());
                }
                Err(error) => failures.push(format!("{}: {error:#}", parts.join(" "))),
            }
        }
        if failures.is_empty() {
            bail!("{} has no kernel {version}", version.suites().join(", "));
        }
        bail!("{}", failures.join("\n"));
    }

    fn download(&self, packages: &[String]) -> Result<Vec<PathBuf>> {
        let folder = self.folder.join("packages");
        // What is there may be of a download that was interrupted.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let mut apt = self.apt("apt-get");
        apt.args(["--quiet", "download"]).args(packages);
        let output = apt.current_dir(&folder).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let why = said.lines().find(|line| line.starts_with("E:"));
            bail!("{}", why.unwrap_or("cannot be downloaded"));
        }
        let files = fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path()));
        Ok(files.collect::<Result<_, _>>()?)
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let folder = self.folder.display();
        for option in [
            format!("Dir::State={folder}"),
            format!("Dir::State::Lists={folder}/lists"),
            format!("Dir::Cache={folder}/cache"),
            format!("Dir::Etc::sourcelist={folder}/sources.list"),
            "Dir::State::status=/dev/null".into(),
            "Dir::Etc::sourceparts=/dev/null".into(),
            "Dir::Etc::preferences=/dev/null".into(),
            "Dir::Etc::preferencesparts=/dev/null".into(),
            // Its own user may not write here.
            "APT::Sandbox::User=root".into(),
            "APT::Architecture=amd64".into(),
            "Acquire::Languages=none".into(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".into(),
            "Acquire::Retries=3".into(),
        ] {
            command.arg("-o").arg(option);
        }
        command.env("LC_ALL", "C");
        command
    }
}

/// Where this machine gets Debian's packages from.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mirrors {
    main: Option<String>,
    security: Option<String>,
}

impl Mirrors {
    fn of_this_machine() -> Result<Self> {
        // That reads every format of sources and contacts nobody.
        let output = Command::new("apt-get")
            .args(["--print-uris", "update"])
            .env("LC_ALL", "C")
            .output()
            .context("cannot start apt-get")?;
        let mirrors = Self::parse(&String::from_utf8_lossy(&output.stdout));
        if mirrors == Self::default() {
            bail!(
                "kernels come from Debian's archive, and this machine's apt has no source of it; \
                 with kernels fetched before, use --offline"
            );
        }
        Ok(mirrors)
    }

    fn parse(addresses: &str) -> Self {
        let mut mirrors = Self::default();
        for line in addresses.lines() {
            let address = line.trim_start_matches('\'');
            let Some((mirror, rest)) = address.split_once("/dists/") else {
                continue;
            };
            let suite = rest.split('/').next().unwrap_or_default();
            let updates = suite.strip_suffix(SECURITY);
            if !RELEASES.contains(&updates.unwrap_or(suite)) {
                continue;
            }
            let place = match updates {
                Some(_) => &mut mirrors.security,
                None => &mut mirrors.main,
            };
            place.get_or_insert_with(|| mirror.to_owned());
        }
        mirrors
    }

    fn of(&self, suite: &str) -> Option<&str> {
        let mirror = if suite.ends_with(SECURITY) {
            &self.security
        } else {
            &self.main
        };
        mirror.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_updates_may_come_from_elsewhere() {
        let mirrors = Mirrors::parse(
            "'https://packages.example/stable/InRelease' x 0\n\
             'http://mirror.example/debian/dists/bookworm/InRelease' x 0\n\
             'http://other.example/debian/dists/trixie/InRelease' x 0\n\
             'http://mirror.example/debian-security/dists/bookworm-security/InRelease' x 0\n\
             'http://ppa.example/ubuntu/dists/noble/InRelease' x 0\n",
        );
        assert_eq!(mirrors.of("bullseye"), Some("http://mirror.example/debian"));
        assert_eq!(
            mirrors.of("bullseye-security"),
            Some("http://mirror.example/debian-security")
        );
    }

    #[test]
    fn without_a_source_of_debian_there_is_no_mirror() {
        let none = Mirrors::parse("'http://ppa.example/ubuntu/dists/noble/InRelease' x 0\n");
        assert_eq!(none, Mirrors::default());
    }
}
