//! What is in a cell of a table.

use crate::control::Decided;
use crate::diagnostic::printable;
use crate::output;
use crate::tui::model::{Column, Key, Model, Row, port_label, service};
use crate::tui::theme::Theme;
use crate::tui::{services, units, words};
use ratatui::style::Style;

/// In the place of what is not known.
const NOTHING: &str = "-";

/// What is in a cell, and how it looks.
pub(super) fn cell(model: &Model, row: &Row, column: Column, theme: Theme) -> (String, Style) {
    let plain = Style::new();
    let flow = model.flow_of(row);
    let unit = model.unit;
    let text = match column {
        Column::Verdict => {
            let Some(flow) = flow else {
                return (NOTHING.to_owned(), plain);
            };
            let style = match flow.decision {
                Decided::Allow => plain,
                Decided::Deny => theme.denied(),
                Decided::WouldDeny => theme.would(),
            };
            return (words::verdict(flow.decision).to_owned(), style);
        }
        Column::Client => flow.map(words::client),
        Column::Destination => flow.map(|flow| {
            if matches!(row.key, Key::Destination(_)) {
                return flow.remote.to_string();
            }
            destination(model, flow)
        }),
        Column::Port => {
            flow.map(|flow| port_label(flow.protocol, service(flow), model.with_services))
        }
        Column::Protocol => flow.map(|flow| words::protocol(flow.protocol)),
        Column::State => flow.map(|flow| words::state(flow).to_owned()),
        Column::Reason => flow.map(|flow| printable(&flow.reason)),
        Column::List => flow.map(|flow| {
            let list = flow.list.as_deref().map(printable);
            list.unwrap_or_default()
        }),
        Column::Flows => Some(row.flows.to_string()),
        Column::Clients => Some(row.clients.to_string()),
        Column::Destinations => Some(row.destinations.to_string()),
        Column::OutRate => row.rate.map(|rate| units::rate(rate.out, unit)),
        Column::InRate => row.rate.map(|rate| units::rate(rate.back, unit)),
        Column::DeniedRate => row.rate.map(|rate| units::frequency(rate.denied)),
        Column::Sent => Some(output::bytes(row.sent)),
        Column::Received => Some(output::bytes(row.received)),
        Column::Denied => {
            let style = if row.denied > 0 {
                theme.denied()
            } else {
                plain
            };
            return (row.denied.to_string(), style);
        }
        Column::Last => Some(units::age(row.last, model.now)),
        Column::Name
        | Column::Action
        | Column::Standing
        | Column::Entries
        | Column::Hits
        | Column::Why => return of_list(model, row, column, theme),
        Column::Time => Some(units::clock(row.last)),
        Column::Event => {
            let event = match row.key {
                Key::Event(number) => model.events.get(number),
                _ => None,
            };
            let Some(event) = event else {
                return (NOTHING.to_owned(), plain);
            };
            let style = if event.is_denied {
                theme.denied()
            } else {
                plain
            };
            return (event.text.clone(), style);
        }
    };
    (text.unwrap_or_else(|| NOTHING.to_owned()), plain)
}

fn destination(model: &Model, flow: &crate::control::Flow) -> String {
    let endpoint = words::endpoint(flow.remote, flow.remote_port);
    let name = flow.remote_port.filter(|_| model.with_services);
    match name.and_then(services::name) {
        Some(name) => format!("{endpoint} {name}"),
        None => endpoint,
    }
}

fn of_list(model: &Model, row: &Row, column: Column, theme: Theme) -> (String, Style) {
    let plain = Style::new();
    let list = model
        .status
        .as_ref()
        .and_then(|status| status.lists.get(row.at));
    let Some(list) = list else {
        return (NOTHING.to_owned(), plain);
    };
    let text = match column {
        Column::Name => printable(&list.name),
        Column::Action => printable(&list.action),
        Column::Standing => {
            let is_well = list.state == "current";
            let style = if is_well { plain } else { theme.warning() };
            return (printable(&list.state.replace('_', " ")), style);
        }
        Column::Entries => list.entries.to_string(),
        Column::Hits => list.hits.to_string(),
        _ => list.reason.as_deref().map(printable).unwrap_or_default(),
    };
    (text, plain)
}
