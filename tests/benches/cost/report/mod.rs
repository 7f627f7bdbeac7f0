//! Everything that was measured, for people and for programs.

mod machine;
mod table;
mod text;

use crate::forwarding::Forwarding;
use crate::loading::Loading;
use crate::policies::Policies;
use crate::prefixes::MIX;
use crate::programs::Cost;
use crate::throughput::Throughput;
use anyhow::Result;
use serde::Serialize;
use std::io::{Write, stdout};

pub(crate) use machine::Machine;
pub(crate) use table::Table;
pub(crate) use text::{mib, prefixes, thousands, verdict};

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// Measured briefly: the numbers are not worth much.
    pub(crate) quick: bool,
    pub(crate) list: List,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) programs: Vec<Cost>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) loading: Option<Loading>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) forwarding: Vec<Forwarding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) throughput: Option<Throughput>,
}

/// The long list.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    pub(crate) prefixes: usize,
    pub(crate) mix: &'static str,
    pub(crate) ranges_v4: usize,
    pub(crate) ranges_v6: usize,
}

impl Report {
    pub(crate) fn new(quick: bool, policies: &Policies) -> Self {
        Self {
            machine: Machine::this(),
            quick,
            list: List {
                prefixes: policies.with.listed,
                mix: MIX,
                ranges_v4: policies.with.compiled.v4.bounds().len(),
                ranges_v6: policies.with.compiled.v6.bounds().len(),
            },
            programs: Vec::new(),
            loading: None,
            forwarding: Vec::new(),
            throughput: None,
        }
    }

    pub(crate) fn print(&self, as_json: bool) -> Result<()> {
        let mut out = stdout().lock();
        if as_json {
            serde_json::to_writer(&mut out, self)?;
            writeln!(out)?;
        } else {
            write!(out, "{}", text::of(self))?;
        }
        Ok(())
    }
}
