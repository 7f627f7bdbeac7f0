//! The two policies that are measured: without a list, and with a long one.

use crate::prefixes;
use crate::progress;
use anyhow::{Result, anyhow};
use exitguard::config::{self, Config, ListAction};
use exitguard::diagnostic::SourceFile;
use exitguard::lists::{self, LoadedList};
use exitguard::policy::{self, Compiled, Labels, Network};
use ipnet::IpNet;
use std::time::{Duration, Instant};

pub(crate) const TCP_PORTS: [u16; 3] = [22, 80, 443];
pub(crate) const UDP_PORTS: [u16; 3] = [53, 123, 443];
const LIST: &str = "bench";

pub(crate) struct Policies {
    /// Entries of the long list.
    pub(crate) prefixes: Vec<IpNet>,
    pub(crate) without: Policy,
    pub(crate) with: Policy,
}

/// A policy, and what it was made from.
pub(crate) struct Policy {
    /// How many prefixes its list has.
    pub(crate) listed: usize,
    pub(crate) config: Config,
    pub(crate) compiled: Compiled,
    pub(crate) labels: Labels,
    config_text: String,
    list_text: String,
}

/// How long it took to make a policy.
pub(crate) struct MakingTimes {
    pub(crate) parse: Duration,
    pub(crate) compile: Duration,
}

impl Policies {
    pub(crate) fn make(count: usize) -> Result<Self> {
        progress::tell("making a list");
        let prefixes = prefixes::random(count)?;
        Ok(Self {
            without: Policy::new(0, prefixes::text(&[]))?,
            with: Policy::new(count, prefixes::text(&prefixes))?,
            prefixes,
        })
    }

    pub(crate) fn both(&self) -> [&Policy; 2] {
        [&self.without, &self.with]
    }
}

impl Policy {
    fn new(listed: usize, list_text: String) -> Result<Self> {
        let mut config_text = format!(
            "mode = \"enforce\"\n[egress]\ntcp = {TCP_PORTS:?}\nudp = {UDP_PORTS:?}\nicmp = true\n"
        );
        if listed > 0 {
            config_text += &format!("[[list]]\nname = \"{LIST}\"\nsource = \"bench.txt\"\n");
        }
        let (config, compiled, labels, _) = make(&config_text, &list_text)?;
        Ok(Self {
            listed,
            config,
            compiled,
            labels,
            config_text,
            list_text,
        })
    }

    /// Length of its list as text.
    pub(crate) const fn list_bytes(&self) -> usize {
        self.list_text.len()
    }

    /// Makes it again, to see how long that takes.
    pub(crate) fn remake(&self) -> Result<(Compiled, MakingTimes)> {
        let (_, compiled, _, times) = make(&self.config_text, &self.list_text)?;
        Ok((compiled, times))
    }
}

fn make(config_text: &str, list_text: &str) -> Result<(Config, Compiled, Labels, MakingTimes)> {
    let config_file = SourceFile::new("bench.toml", config_text);
    let list_file = SourceFile::new("bench.txt", list_text);
    let start = Instant::now();
    let config = config::parse(&config_file)?.config;
    let entries = lists::parse(&list_file, &mut Vec::new())
        .map_err(|errors| anyhow!("{} wrong lines in the list", errors.len()))?;
    let parse = start.elapsed();
    let loaded: Vec<LoadedList> = config
        .lists
        .first()
        .map(|list| LoadedList {
            name: list.name.clone(),
            action: ListAction::Deny,
            entries,
            left_out: lists::Entries::default(),
            names: 0,
        })
        .into_iter()
        .collect();
    let start = Instant::now();
    let (compiled, labels) = policy::compile(&config, loaded, &Network::default())?;
    let compile = start.elapsed();
    Ok((config, compiled, labels, MakingTimes { parse, compile }))
}
