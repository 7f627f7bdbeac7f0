//! One number for many.

use serde::{Deserialize, Serialize};

/// Values of one kind, in short.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) p90: f64,
    pub(crate) values: usize,
}

/// `None` for no values.
pub(crate) fn summarise(mut values: Vec<f64>) -> Option<Summary> {
    values.sort_by(f64::total_cmp);
    let at = |part: usize| {
        let last = values.len().checked_sub(1)?;
        values.get(last * part / 100).copied()
    };
    Some(Summary {
        median: at(50)?,
        min: at(0)?,
        p90: at(90)?,
        values: values.len(),
    })
}

/// Of no values, not a number.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    summarise(values.into_iter().collect()).map_or(f64::NAN, |summary| summary.median)
}
