//! What the rounds tell.

use super::site::Filter;
use super::traffic::Kind;
use crate::statistics::{Summary, median, summarise};
use serde::Serialize;

const RATIO_BUDGET: f64 = 1.05;
const NFTABLES_BUDGET: f64 = 4.0;

/// Forwarding on exit nodes that are alike but for their filter.
#[derive(Debug, Serialize)]
pub(crate) struct Forwarding {
    pub(crate) masquerade: bool,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) comparisons: Vec<Comparison>,
    /// Variants that could not be measured, and why.
    pub(crate) missing: Vec<String>,
    /// What nftables was measured with.
    pub(crate) nftables: Option<String>,
}

/// A filter and a kind of traffic.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) traffic: Kind,
    #[serde(flatten)]
    pub(crate) filter: Filter,
    /// Of the values of the rounds, each the average of a batch.
    pub(crate) ns: Summary,
    /// Median of the ratios to no filter in the same round.
    pub(crate) ratio: f64,
    /// Median of the differences to no filter in the same round.
    pub(crate) added_ns: f64,
    pub(crate) ratio_budget: Option<f64>,
    pub(crate) met: Option<bool>,
}

/// nftables beside exitguard, with the same list.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) traffic: Kind,
    #[serde(flatten)]
    pub(crate) filter: Filter,
    pub(crate) added_ns: f64,
    pub(crate) nftables_added_ns: f64,
    /// How many times exitguard's added cost nftables adds; `None` when exitguard added nothing measurable.
    pub(crate) times: Option<f64>,
    pub(crate) budget: f64,
    pub(crate) met: bool,
}

/// `rounds` by round, kind of traffic and variant; the first variant is no filter.
pub(super) fn of(masquerade: bool, filters: &[Filter], rounds: &[Vec<Vec<f64>>]) -> Forwarding {
    let mut rows = Vec::new();
    for (at_kind, kind) in Kind::ALL.into_iter().enumerate() {
        for (at, filter) in filters.iter().enumerate() {
            let pairs: Vec<(f64, f64)> = rounds
                .iter()
                .filter_map(|round| {
                    let times = round.get(at_kind)?;
                    Some((*times.first()?, *times.get(at)?))
                })
                .collect();
            let Some(ns) = summarise(pairs.iter().map(|(_, time)| *time).collect()) else {
                continue;
            };
            let ratio = median(pairs.iter().map(|(none, time)| time / none));
            let is_ours = matches!(filter, Filter::Tc { .. } | Filter::Xdp { .. });
            let ratio_budget = (is_ours && kind.is_established()).then_some(RATIO_BUDGET);
            rows.push(Row {
                traffic: kind,
                filter: *filter,
                ns,
                ratio,
                added_ns: median(pairs.iter().map(|(none, time)| time - none)),
                ratio_budget,
                met: ratio_budget.map(|budget| ratio <= budget),
            });
        }
    }
    Forwarding {
        masquerade,
        rounds: rounds.len(),
        comparisons: comparisons(&rows),
        rows,
        missing: Vec::new(),
        nftables: None,
    }
}

fn comparisons(rows: &[Row]) -> Vec<Comparison> {
    let compare = |row: &Row| {
        let (Filter::Tc { prefixes } | Filter::Xdp { prefixes }) = row.filter else {
            return None;
        };
        let nftables = rows.iter().find(|other| {
            other.traffic == row.traffic && other.filter == Filter::Nftables { prefixes }
        })?;
        let times = (row.added_ns > 0.0).then(|| nftables.added_ns / row.added_ns);
        Some(Comparison {
            traffic: row.traffic,
            filter: row.filter,
            added_ns: row.added_ns,
            nftables_added_ns: nftables.added_ns,
            times,
            budget: NFTABLES_BUDGET,
            met: times.is_none_or(|times| times >= NFTABLES_BUDGET) && nftables.added_ns > 0.0,
        })
    };
    rows.iter().filter_map(compare).collect()
}
