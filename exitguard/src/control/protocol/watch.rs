//! What happens, as it happens.

use crate::output::Format;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// How many of those that match and happened before; the daemon does not remember all.
    #[serde(default)]
    pub last: usize,
    /// Which flows, as [`crate::filter`] reads it. What happens to lists, and counters, are told only without a filter;
    /// what happens to the guard itself, and what is missing, always.
    #[serde(default)]
    pub filter: String,
    /// How.
    #[serde(default)]
    pub format: Format,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// As JSON.
    Event(Box<RawValue>),
    /// As text.
    Line(String),
}
