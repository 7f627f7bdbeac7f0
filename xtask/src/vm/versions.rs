//! The kernels that exitguard is tested on, and what Debian calls them.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

/// Those of a run that names none.
pub(super) const DEFAULT: [&str; 4] = ["5.10", "6.1", "6.12", NEWEST];
/// Those of `--all`: what the archive has, as far as it still has it.
pub(super) const ALL: [&str; 8] = ["5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "7.2", NEWEST];
/// Of releases that Debian maintains. To not get one of these is a failure; others come and go.
const MAINTAINED: [&str; 2] = ["6.1", "6.12"];
const NEWEST: &str = "newest";
/// Where the newest kernels are, for the release that this is written on.
const BACKPORTS: &str = "trixie-backports";

/// A series of kernels such as `5.10`, or the newest of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let is_series = text
            .split_once('.')
            .is_some_and(|(major, minor)| is_number(major) && is_number(minor));
        if is_series || text == NEWEST {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("a series of kernels such as 6.12, or \"{NEWEST}\""))
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Version {
    /// Several.
    pub(super) fn list(names: &[&str]) -> Vec<Self> {
        names.iter().map(|name| Self((*name).to_owned())).collect()
    }

    /// Whether it has to be there.
    pub(super) fn is_maintained(&self) -> bool {
        MAINTAINED.contains(&self.0.as_str())
    }

    /// The suites of Debian's archive that have it.
    pub(super) fn suites(&self) -> &'static [&'static str] {
        match self.0.as_str() {
            "5.10" => &["bullseye-security", "bullseye"],
            "6.1" => &["bookworm-security", "bookworm"],
            "6.12" => &["trixie-security", "trixie"],
            _ => &[BACKPORTS],
        }
    }

    /// The packages of this version among all of its suites, the best first.
    pub(super) fn packages<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<Package> {
        let mut all: Vec<Package> = names.filter_map(Package::parse).collect();
        all.retain(|package| self.0 == NEWEST || is_of(&package.release, &self.0));
        // Of one release, what is signed first: the other one is not always kept. A package that is split has an
        // empty one of the old name beside it.
        all.sort_by_key(|package| {
            let kind = (package.is_split, package.is_signed);
            Reverse((numbers(&package.release), kind))
        });
        all
    }
}

/// A package of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    name: String,
    /// Of the kernel.
    release: String,
    is_signed: bool,
    /// Modules are in a package of their own (since 6.19).
    is_split: bool,
}

impl Package {
    /// Takes the kernels that are made for virtual machines.
    fn parse(name: &str) -> Option<Self> {
        const FLAVOUR: &str = "-cloud-amd64";
        let unsplit = name.strip_prefix("linux-image-");
        let rest = unsplit.or_else(|| name.strip_prefix("linux-binary-"))?;
        let unsigned = rest.strip_suffix("-unsigned");
        let release = unsigned.unwrap_or(rest);
        let number = release.strip_suffix(FLAVOUR)?;
        // One without a patch level is empty and depends on the newest.
        let is_whole = number.split('.').count() >= 3;
        is_whole.then(|| Self {
            name: name.to_owned(),
            release: release.to_owned(),
            is_signed: unsigned.is_none(),
            is_split: unsplit.is_none(),
        })
    }

    /// All packages to unpack for it.
    pub(super) fn parts(&self) -> Vec<String> {
        let mut parts = vec![self.name.clone()];
        if self.is_split {
            parts.push(format!("linux-modules-{}", self.release));
            parts.push(format!("linux-base-{}", self.release));
        }
        parts
    }
}

fn is_of(release: &str, series: &str) -> bool {
    let rest = release.strip_prefix(series);
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// What makes `5.10.0-46` newer than `5.10.0-9`.
fn numbers(release: &str) -> Vec<u64> {
    release
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 13] = [
        "linux-image-5.10.0-9-cloud-amd64",
        "linux-image-5.10.0-46-cloud-amd64-unsigned",
        "linux-image-5.10.0-46-cloud-amd64",
        "linux-image-5.10.0-46-amd64",
        "linux-image-5.100.0-1-cloud-amd64",
        "linux-image-cloud-amd64",
        "linux-image-6.1-cloud-amd64",
        "linux-image-6.1.0-56-cloud-amd64",
        "linux-headers-6.1.0-56-cloud-amd64",
        "linux-image-6.12.9+deb13-cloud-amd64",
        "linux-image-6.12.117+deb13-cloud-amd64",
        "linux-image-7.3.4+deb13-cloud-amd64",
        "linux-binary-7.3.4+deb13-cloud-amd64",
    ];

    fn found(version: &str) -> Vec<String> {
        let version: Version = version.parse().unwrap();
        let packages = version.packages(NAMES.into_iter());
        packages.into_iter().map(|package| package.name).collect()
    }

    #[test]
    fn the_newest_of_a_series_comes_first_and_of_one_release_the_signed_one() {
        assert_eq!(
            found("5.10"),
            [
                "linux-image-5.10.0-46-cloud-amd64",
                "linux-image-5.10.0-46-cloud-amd64-unsigned",
                "linux-image-5.10.0-9-cloud-amd64",
            ]
        );
        assert_eq!(
            found("6.12").first().map(String::as_str),
            Some("linux-image-6.12.117+deb13-cloud-amd64")
        );
    }

    #[test]
    fn a_series_is_no_prefix_of_another() {
        assert_eq!(found("6.1"), ["linux-image-6.1.0-56-cloud-amd64"]);
        assert_eq!(found("7.1"), Vec::<String>::new());
    }

    #[test]
    fn the_newest_is_of_the_highest_number_and_has_its_modules() {
        let newest = NEWEST.parse::<Version>().unwrap();
        let packages = newest.packages(NAMES.into_iter());
        assert_eq!(
            packages.first().unwrap().parts(),
            [
                "linux-binary-7.3.4+deb13-cloud-amd64",
                "linux-modules-7.3.4+deb13-cloud-amd64",
                "linux-base-7.3.4+deb13-cloud-amd64",
            ]
        );
    }

    #[test]
    fn what_is_no_series_is_refused() {
        for wrong in ["6", "6.", "6.12.1", "v6.12", "latest", ""] {
            assert!(wrong.parse::<Version>().is_err(), "{wrong}");
        }
    }
}
