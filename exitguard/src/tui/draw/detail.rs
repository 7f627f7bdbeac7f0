//! Everything that is known about the selected row, and why it was decided so.

use super::canvas::{Canvas, wrapped};
use crate::control::{Amount, Flow};
use crate::diagnostic::printable;
use crate::output;
use crate::tui::model::{Key, Model, Row, port_label, service};
use crate::tui::{services, units, words};
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Cells of a label.
const LABEL: u16 = 10;

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let inner = canvas.frame(area, "Details");
    let theme = canvas.theme;
    let lines = match model.selected() {
        Some(row) => about(model, row),
        None => vec![("", "select a row with Up and Down".to_owned())],
    };
    let width = inner.width.saturating_sub(LABEL + 2);
    let mut y = inner.y;
    for (label, text) in lines {
        let mut label = label;
        for line in wrapped(&text, width.into()) {
            if y >= inner.bottom() {
                return;
            }
            canvas.put(inner.x + 1, y, label, theme.faint());
            canvas.put_in(inner.x + 1 + LABEL, y, width, &line, Style::new());
            label = "";
            y += 1;
        }
    }
}

type Lines = Vec<(&'static str, String)>;

fn about(model: &Model, row: &Row) -> Lines {
    match (&row.key, model.flow_of(row)) {
        (Key::Flow(_) | Key::Denied { .. }, Some(flow)) => about_flow(model, row, flow),
        (Key::List(_), _) => about_list(model, row),
        (Key::Event(number), _) => about_event(model, *number),
        (_, Some(flow)) => about_group(model, row, flow),
        (_, None) => Vec::new(),
    }
}

fn about_flow(model: &Model, row: &Row, flow: &Flow) -> Lines {
    let client = words::endpoint(flow.client, flow.client_port);
    let remote = words::endpoint(flow.remote, flow.remote_port);
    let name = flow.client_name.as_deref().map(printable);
    let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
    let way = if flow.inbound {
        format!("{remote} -> {client}{name}")
    } else {
        format!("{client}{name} -> {remote}")
    };
    let protocol = words::protocol(flow.protocol);
    let service = service(flow).filter(|_| model.with_services);
    let service = service.and_then(services::name);
    let service = service.map(|name| format!(" {name}")).unwrap_or_default();
    let verdict = format!("{}: {}", words::decided(flow.decision), words::reason(flow));
    let mut source = format!("{}, policy {}", printable(&flow.rule), flow.generation);
    if let Some(list) = &flow.list {
        source += &format!("; list {}", printable(list));
    }
    if let Some(entry) = &flow.entry {
        source += &format!("; entry {}", printable(entry));
    }
    let rate = row.rate.map_or_else(String::new, |rate| {
        let [out, back] = [rate.out, rate.back].map(|rate| units::rate(rate, model.unit));
        format!("; now {out}/s out, {back}/s in")
    });
    let traffic = format!(
        "sent {}, received {}{rate}",
        amount(flow.sent),
        amount(flow.received)
    );
    let denied = match row.flows {
        0 | 1 => format!("{} packets", row.denied),
        flows => format!(
            "{} packets of {flows} flows; the last one is shown here",
            row.denied
        ),
    };
    vec![
        ("verdict", verdict),
        ("rule", source),
        (
            "flow",
            format!("{protocol} {way}{service}, {}", words::state(flow)),
        ),
        ("traffic", traffic),
        ("denied", denied),
        ("seen", seen(model, flow)),
    ]
}

fn seen(model: &Model, flow: &Flow) -> String {
    let moment = |at: jiff::Timestamp| format!("{at:.0} ({} ago)", units::age(at, model.now));
    format!("first {}, last {}", moment(flow.start), moment(flow.last))
}

fn amount(amount: Amount) -> String {
    format!("{} pkts {}", amount.pkts, output::bytes(amount.bytes))
}

fn about_group(model: &Model, row: &Row, flow: &Flow) -> Lines {
    let what = match row.key {
        Key::Client(_) => format!("client {}", words::client(flow)),
        Key::Destination(address) => format!("destination {address}"),
        _ => {
            let port = port_label(flow.protocol, service(flow), true);
            format!("port {port}")
        }
    };
    let mut about = format!("{} flows", row.flows);
    if row.clients > 0 {
        about += &format!(" of {} clients", row.clients);
    }
    if row.destinations > 0 {
        about += &format!(" to {} destinations", row.destinations);
    }
    let verdict = format!("{}: {}", words::decided(flow.decision), words::reason(flow));
    vec![
        ("about", format!("{what}: {about}")),
        (
            "traffic",
            format!(
                "sent {}, received {}; {} packets denied",
                output::bytes(row.sent),
                output::bytes(row.received),
                row.denied
            ),
        ),
        ("last flow", verdict),
        ("seen", seen(model, flow)),
        ("", "Enter shows what is below it.".to_owned()),
    ]
}

fn about_list(model: &Model, row: &Row) -> Lines {
    let list = model
        .status
        .as_ref()
        .and_then(|status| status.lists.get(row.at));
    let Some(list) = list else {
        return Vec::new();
    };
    let state = printable(&list.state.replace('_', " "));
    let entries = format!("{} prefixes in the kernel", list.entries);
    let entries = list.age.map_or(entries.clone(), |age| {
        format!("{entries}, accepted {} ago", crate::lists::ago(age))
    });
    let why = list.reason.as_deref().map(printable);
    let state = why.map_or(state.clone(), |why| format!("{state}: {why}"));
    vec![
        ("list", printable(&list.name)),
        ("state", state),
        ("action", printable(&list.action)),
        ("entries", entries),
        (
            "hits",
            format!("{} flows that it denied, or would have", list.hits),
        ),
        (
            "",
            "Enter shows what is denied because of it now.".to_owned(),
        ),
    ]
}

fn about_event(model: &Model, number: u64) -> Lines {
    let event = model.events.get(number);
    event.map_or_else(Vec::new, |event| {
        vec![
            ("time", event.time.to_string()),
            ("event", event.text.clone()),
        ]
    })
}
