//! TCP from a client through the exit node to a server and back, with everything in between: whether the
//! costs of packets show where people look.

use crate::arguments::Effort;
use crate::forwarding::{Filter, Nftables, Site};
use crate::policies::Policies;
use crate::progress;
use crate::statistics::{Summary, median, summarise};
use anyhow::{Context, Result};
use exitguard::lab::LabOptions;
use serde::Serialize;

/// Transfers through exit nodes that are alike but for their filter.
#[derive(Debug, Serialize)]
pub(crate) struct Throughput {
    pub(crate) rows: Vec<Row>,
    /// Variants that could not be measured, and why.
    pub(crate) missing: Vec<String>,
}

/// A filter, and how fast bytes went through it.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    pub(crate) filter: Filter,
    /// Gigabits a second, each way.
    pub(crate) gbit_per_s: Summary,
    /// Median of the ratios to no filter in the same round.
    pub(crate) ratio: f64,
}

pub(crate) fn measure(policies: &Policies, effort: &Effort) -> Result<Throughput> {
    let nft = Nftables::find();
    let mut sites = Vec::new();
    let mut missing = Vec::new();
    for filter in Filter::all(policies) {
        progress::tell(&format!("build an exit node: {}", filter.name()));
        match Site::build(filter, &LabOptions::default(), policies, &nft)? {
            Ok(site) => sites.push(site),
            Err(why) => missing.push(format!("{}: {why}", filter.name())),
        }
    }
    let mut rounds = Vec::new();
    for round in 0..effort.transfers {
        progress::tell(&format!("transfer {} of {}", round + 1, effort.transfers));
        let mut speeds = vec![0.0; sites.len()];
        for turn in 0..sites.len() {
            let at = (round + turn) % sites.len();
            if let (Some(site), Some(speed)) = (sites.get_mut(at), speeds.get_mut(at)) {
                *speed = site.transfer(effort.transfer_bytes)?;
            }
        }
        rounds.push(speeds);
    }
    let row = |(at, site): (usize, &Site)| {
        let pairs: Vec<(f64, f64)> = rounds
            .iter()
            .filter_map(|speeds| Some((*speeds.first()?, *speeds.get(at)?)))
            .collect();
        Ok(Row {
            filter: *site.filter(),
            gbit_per_s: summarise(pairs.iter().map(|(_, speed)| *speed).collect())
                .context("nothing was transferred")?,
            ratio: median(pairs.iter().map(|(none, speed)| speed / none)),
        })
    };
    let rows: Result<_> = sites.iter().enumerate().map(row).collect();
    Ok(Throughput {
        rows: rows?,
        missing,
    })
}
