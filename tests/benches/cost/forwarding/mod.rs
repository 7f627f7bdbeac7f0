//! Packets through the TUN of an exit node and out to the Internet, with and without a filter.
//!
//! Each variant has a lab of its own, all alive at the same time. A write to the TUN returns when the
//! kernel has forwarded the packet, and the Internet drops it on arrival, so that the time of a write is the
//! time of a packet on the exit node. Rounds are short and have every variant in them; a variant is compared
//! with "no filter" of the same round only. What the kernel switches on for the whole machine when there is
//! any such filter (a branch or two a packet) counts for "no filter" too.

mod nftables;
mod results;
mod site;
mod traffic;

use crate::arguments::Effort;
use crate::policies::Policies;
use crate::progress;
use anyhow::Result;
use exitguard::lab::LabOptions;
use traffic::Traffic;

pub(crate) use nftables::Nftables;
pub(crate) use results::Forwarding;
pub(crate) use site::{Filter, Site};
pub(crate) use traffic::Kind;

/// With and without masquerading, which brings connection tracking even to an exit node without a filter.
pub(crate) fn measure(policies: &Policies, effort: &Effort) -> Result<Vec<Forwarding>> {
    let nft = Nftables::find();
    [true, false]
        .into_iter()
        .map(|masquerade| measure_with(masquerade, policies, effort, &nft))
        .collect()
}

fn measure_with(
    masquerade: bool,
    policies: &Policies,
    effort: &Effort,
    nft: &Result<Nftables, String>,
) -> Result<Forwarding> {
    let options = LabOptions {
        relay: false,
        masquerade,
        ..LabOptions::default()
    };
    let mut traffic = Traffic::new(policies, effort)?;
    let mut missing = Vec::new();
    let mut sites = Vec::new();
    for filter in Filter::all(policies) {
        let name = filter.name();
        progress::tell(&format!("build an exit node: {name}"));
        match Site::build(filter, &options, policies, nft)? {
            Ok(site) => sites.push(site),
            Err(why) => missing.push(format!("{name}: {why}")),
        }
    }
    for site in &mut sites {
        progress::tell(&format!("establish flows: {}", site.filter().name()));
        site.establish(traffic.established())?;
    }
    progress::tell("forward packets");
    // What is timed: rounds, then kinds of traffic, then variants.
    let mut rounds = Vec::with_capacity(effort.rounds);
    for round in 0..effort.rounds {
        let mut kinds = Vec::new();
        for batch in traffic.round(round)? {
            let mut times = vec![0.0; sites.len()];
            // The first in a row runs colder than the others, so everybody is first in turn.
            for turn in 0..sites.len() {
                let at = (round + turn) % sites.len();
                if let (Some(site), Some(time)) = (sites.get_mut(at), times.get_mut(at)) {
                    *time = site.forward(&batch)?;
                }
            }
            kinds.push(times);
        }
        rounds.push(kinds);
    }
    for site in &mut sites {
        site.check()?;
    }
    let names: Vec<_> = sites.iter().map(|site| *site.filter()).collect();
    let mut forwarding = results::of(masquerade, &names, &rounds);
    forwarding.missing = missing;
    forwarding.nftables = nft.as_ref().ok().map(|nft| nft.version().to_owned());
    Ok(forwarding)
}
