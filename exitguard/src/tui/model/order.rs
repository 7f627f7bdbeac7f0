//! Sorting: by any column, and the same rows always the same way.

use super::row::{Row, service};
use super::{Column, Key, Model};
use jiff::Timestamp;
use std::cmp::Ordering;
use std::net::IpAddr;

/// What rows are compared by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Nothing,
    Count(u64),
    Text(String),
    Address(IpAddr, Option<u16>),
    Time(Timestamp),
}

/// Whether a column begins with its largest values when it is chosen.
pub(crate) const fn is_descending_first(column: Column) -> bool {
    !matches!(
        column,
        Column::Client
            | Column::Destination
            | Column::Port
            | Column::Protocol
            | Column::Verdict
            | Column::State
            | Column::Reason
            | Column::List
            | Column::Name
            | Column::Action
            | Column::Standing
            | Column::Why
            | Column::Event
    )
}

/// Rows that are equal in the column keep the order of what they are about.
pub(super) fn sort(model: &Model, rows: Vec<Row>, column: Column, descending: bool) -> Vec<Row> {
    let with_values = rows
        .into_iter()
        .map(|row| (value(model, &row, column), row));
    let mut sorted: Vec<(Value, Row)> = with_values.collect();
    sorted.sort_unstable_by(|(left, left_row), (right, right_row)| {
        let order = left.cmp(right);
        let order = if descending { order.reverse() } else { order };
        match order {
            Ordering::Equal => left_row.key.cmp(&right_row.key),
            order => order,
        }
    });
    sorted.into_iter().map(|(_, row)| row).collect()
}

fn value(model: &Model, row: &Row, column: Column) -> Value {
    let flow = || model.flows.get(row.at);
    let list = || {
        model
            .status
            .as_ref()
            .and_then(|status| status.lists.get(row.at))
    };
    let count = |count: usize| Value::Count(u64::try_from(count).unwrap_or(u64::MAX));
    // In thousandths: whole numbers can always be compared.
    let rate = |rate: Option<f64>| rate.map(|rate| Value::Count((rate * 1000.0) as u64));
    let found = match column {
        Column::Client => flow().map(|flow| Value::Address(flow.client, flow.client_port)),
        Column::Destination => flow().map(|flow| Value::Address(flow.remote, flow.remote_port)),
        Column::Port => flow().map(|flow| Value::Count(port(flow.protocol, service(flow)))),
        Column::Protocol => flow().map(|flow| Value::Count(flow.protocol.into())),
        Column::Verdict => flow().map(|flow| Value::Count(flow.decision as u64)),
        Column::State => flow().map(|flow| Value::Count(flow.state as u64)),
        Column::Reason => flow().map(|flow| Value::Text(flow.reason.clone())),
        Column::List => flow().and_then(|flow| flow.list.clone()).map(Value::Text),
        Column::Flows => Some(count(row.flows)),
        Column::Clients => Some(count(row.clients)),
        Column::Destinations => Some(count(row.destinations)),
        Column::OutRate => rate(row.rate.map(|rate| rate.out)),
        Column::InRate => rate(row.rate.map(|rate| rate.back)),
        Column::DeniedRate => rate(row.rate.map(|rate| rate.denied)),
        Column::Sent => Some(Value::Count(row.sent)),
        Column::Received => Some(Value::Count(row.received)),
        Column::Denied => Some(Value::Count(row.denied)),
        Column::Last => Some(Value::Time(row.last)),
        Column::Name => list().map(|list| Value::Text(list.name.clone())),
        Column::Action => list().map(|list| Value::Text(list.action.clone())),
        Column::Standing => list().map(|list| Value::Text(list.state.clone())),
        Column::Entries => list().map(|list| count(list.entries)),
        Column::Hits => list().map(|list| Value::Count(list.hits)),
        Column::Why => list().and_then(|list| list.reason.clone()).map(Value::Text),
        Column::Time => match row.key {
            Key::Event(number) => Some(Value::Count(number)),
            _ => None,
        },
        Column::Event => match row.key {
            Key::Event(number) => model
                .events
                .get(number)
                .map(|event| Value::Text(event.text.clone())),
            _ => None,
        },
    };
    found.unwrap_or(Value::Nothing)
}

fn port(protocol: u8, port: Option<u16>) -> u64 {
    u64::from(port.map_or(0, |port| u32::from(port) + 1)) << 8 | u64::from(protocol)
}
