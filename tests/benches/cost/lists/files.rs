//! Lists as files: made up, or found in a folder.

use super::Budget;
use super::job::{Guarded, Peer, PeerFiles};
use crate::prefixes::{public_v4, public_v6};
use anyhow::{Context, Result, ensure};
use exitguard::lab::SERVER_V4;
use exitguard::lists::{parse_bytes, read, within};
use fastrand::Rng;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const MIB: u64 = 1 << 20;
/// Budgets are given for so many prefixes.
const MILLION: f64 = 1e6;
const SEED: u64 = 0x6c69_7374;
/// Lists that a configuration takes.
const MOST_LISTS: usize = 64;

/// A length of list to make up.
#[derive(Clone, Copy)]
pub(super) enum Size {
    V4(usize),
    V6(usize),
    None,
}

pub(super) fn sizes(quick: bool) -> Vec<Size> {
    if quick {
        return vec![Size::None, Size::V4(10_000), Size::V6(6_000)];
    }
    vec![
        Size::None,
        Size::V4(10_000),
        Size::V4(100_000),
        Size::V4(1_000_000),
        Size::V6(600_000),
        Size::V4(10_000_000),
    ]
}

/// A policy with a list or several, as files.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) prefixes: usize,
    pub(super) budget: Option<Budget>,
    config: PathBuf,
    texts: Vec<PathBuf>,
    listed: Option<IpNet>,
    is_v4: bool,
}

impl Size {
    pub(super) fn name(self) -> String {
        match self {
            Self::None => "no list".to_owned(),
            Self::V4(count) => format!("{} IPv4", crate::report::prefixes(count)),
            Self::V6(count) => format!("{} IPv6", crate::report::prefixes(count)),
        }
    }

    const fn count(self) -> usize {
        match self {
            Self::None => 0,
            Self::V4(count) | Self::V6(count) => count,
        }
    }

    /// A million IPv4 prefixes is what budgets are for. IPv6 ranges take four times the memory, and have as much
    /// less of it to be.
    fn budget(self) -> Option<Budget> {
        let millions = self.count() as f64 / MILLION;
        let budget = |total_ms, rss_mib: f64, tables_mib: f64| Budget {
            total_ms,
            peak_rss_bytes: (rss_mib * MIB as f64) as u64,
            tables_bytes: (tables_mib * MIB as f64) as u64,
        };
        match self {
            Self::V4(1_000_000) => Some(budget(400.0, 64.0, 16.0)),
            Self::V4(10_000_000) => Some(budget(5_000.0, 640.0, 160.0)),
            Self::V6(600_000) => Some(budget(
                400.0 * millions,
                4.0 * 64.0 * millions,
                4.0 * 16.0 * millions,
            )),
            _ => None,
        }
    }

    /// Writes the list and a configuration with it.
    pub(super) fn make(self, folder: &Path) -> Result<Case> {
        let path = folder.join("list.txt");
        let mut file = BufWriter::new(File::create(&path)?);
        writeln!(file, "# random")?;
        let mut random = Rng::with_seed(SEED);
        let mut listed = None;
        for _ in 0..self.count() {
            let prefix = self.one(&mut random)?;
            writeln!(file, "{prefix}")?;
            listed = Some(prefix);
        }
        file.flush()?;
        let texts = if self.count() == 0 {
            vec![]
        } else {
            vec![path]
        };
        Ok(Case {
            name: self.name(),
            prefixes: self.count(),
            budget: self.budget(),
            config: config(folder, &texts)?,
            texts,
            listed,
            is_v4: !matches!(self, Self::V6(_)),
        })
    }

    /// IPv4: 3 in 4 single addresses, else /24 to /31; IPv6: half /48, half /64.
    fn one(self, random: &mut Rng) -> Result<IpNet> {
        Ok(match self {
            Self::V6(_) => {
                let length = if random.bool() { 64 } else { 48 };
                IpNet::V6(Ipv6Net::new(public_v6(random), length)?)
            }
            _ => {
                let is_single = random.u8(..4) != 0;
                let length = if is_single { 32 } else { random.u8(24..32) };
                IpNet::V4(Ipv4Net::new(public_v4(random), length)?)
            }
        }
        .trunc())
    }
}

/// The lists in a folder that would be taken, the longest if there are many.
pub(super) fn real(lists: &Path, folder: &Path) -> Result<Case> {
    let mut found = Vec::new();
    let mut folders = vec![lists.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(&next).with_context(|| format!("no {}", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(count) = blocked(&path).map(|nets| nets.len()).filter(|n| *n > 0) {
                found.push((count, path));
            }
        }
    }
    ensure!(!found.is_empty(), "no list in {}", lists.display());
    found.sort_unstable();
    found.reverse();
    found.truncate(MOST_LISTS);
    let texts: Vec<_> = found.iter().map(|(_, path)| path.clone()).collect();
    let first = texts.first().and_then(|path| blocked(path));
    Ok(Case {
        name: format!("{} lists of a folder", texts.len()),
        prefixes: found.iter().map(|(count, _)| count).sum(),
        budget: None,
        config: config(folder, &texts)?,
        listed: first.and_then(|nets| nets.into_iter().find(|net| net.addr().is_ipv4())),
        texts,
        is_v4: true,
    })
}

/// The prefixes of a file, if it is a list that would be taken.
fn blocked(path: &Path) -> Option<Vec<IpNet>> {
    let parsed = parse_bytes(path, &read(path).ok()?, None).ok()?;
    parsed.judge().ok()?;
    let (safe, refusal) = within(parsed.into_blocked().ok()?, &Default::default()).ok()?;
    let blocked = safe.blocked().ok().filter(|_| refusal.is_none())?;
    let v4 = blocked.v4().map(IpNet::V4);
    Some(v4.chain(blocked.v6().map(IpNet::V6)).collect())
}

fn config(folder: &Path, texts: &[PathBuf]) -> Result<PathBuf> {
    let mut text = format!(
        "mode = \"enforce\"\n[egress]\ntcp = [22, 80, 443]\nudp = [53, 443]\n[allow]\ndestinations = [\"{SERVER_V4}\"]\n"
    );
    for (number, path) in texts.iter().enumerate() {
        text += &format!("[[list]]\nname = \"l{number}\"\nsource = {path:?}\n");
    }
    let path = folder.join("exitguard.toml");
    fs::write(&path, text)?;
    Ok(path)
}

impl Case {
    pub(super) fn guard(&self) -> Guarded {
        Guarded {
            config: self.config.clone(),
            listed: self.listed.map(|net| net.addr()),
            is_v4: self.is_v4,
            swaps: 5,
        }
    }

    pub(super) fn text_bytes(&self) -> Result<u64> {
        let lengths = self.texts.iter().map(|path| Ok(fs::metadata(path)?.len()));
        lengths.sum()
    }

    /// The same prefixes for a peer; written once.
    pub(super) fn peer_files(&self, peer: Peer, folder: &Path) -> Result<PeerFiles> {
        let path = folder.join(format!("peer{}", peer as usize));
        if !path.exists() {
            let mut all = Vec::new();
            for text in &self.texts {
                all.extend(blocked(text).context("a list is none any more")?);
            }
            all.sort_unstable();
            all.dedup();
            let mut file = BufWriter::new(File::create(&path)?);
            write(peer, &all, &mut file)?;
            file.flush()?;
        }
        Ok(PeerFiles {
            path,
            prefixes: self.prefixes,
        })
    }

    /// Makes room for the next.
    pub(super) fn remove(&self) -> Result<()> {
        let folder = self.config.parent().unwrap_or(Path::new(""));
        for path in Peer::ALL.map(|peer| folder.join(format!("peer{}", peer as usize))) {
            if path.exists() {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

fn write(peer: Peer, nets: &[IpNet], out: &mut impl Write) -> Result<()> {
    let families = [(true, "4", "inet"), (false, "6", "inet6")];
    if peer == Peer::Nft {
        writeln!(out, "table inet bench {{")?;
    }
    for (is_v4, number, family) in families {
        let of_family = nets.iter().filter(|net| net.addr().is_ipv4() == is_v4);
        let count = of_family.clone().count();
        match peer {
            Peer::Nft => {
                writeln!(
                    out,
                    "set l{number} {{ type ipv{number}_addr; flags interval; auto-merge;"
                )?;
                for (place, net) in of_family.enumerate() {
                    let before = if place == 0 { "elements = { " } else { ",\n" };
                    write!(out, "{before}{net}")?;
                }
                let end = if count > 0 { " }" } else { "" };
                writeln!(out, "{end} }}")?;
            }
            Peer::Ipset => {
                let room = count.max(1_024);
                writeln!(
                    out,
                    "create l{number} hash:net family {family} maxelem {room} hashsize 1024"
                )?;
                for net in of_family {
                    writeln!(out, "add l{number} {net}")?;
                }
            }
            Peer::LpmTrie => {
                for net in of_family {
                    writeln!(out, "{net}")?;
                }
            }
        }
    }
    if peer == Peer::Nft {
        writeln!(out, "}}")?;
    }
    Ok(())
}
