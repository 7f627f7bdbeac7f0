//! The lines above the table: how it is with the guard.

use super::canvas::Canvas;
use super::{Places, label};
use crate::control::{Protection, Status};
use crate::diagnostic::printable;
use crate::tui::model::{Link, Model, Tab};
use crate::tui::rates::Gauge;
use crate::tui::units;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) fn draw(model: &Model, places: Places, canvas: &mut Canvas<'_>) {
    let Rect { x, y, width, .. } = places.header;
    match banner(model) {
        Some(text) => {
            canvas.style(Rect::new(x, y, width, 1), canvas.theme.alarm());
            canvas.put(x + 1, y, &text, canvas.theme.alarm());
        }
        None => state(model, y, canvas),
    }
    throughput(model, y + 1, canvas);
    counters(model, y + 2, canvas);
    tabs(model, places.tabs, canvas);
}

/// What nobody may miss, in the place of the first line.
fn banner(model: &Model) -> Option<String> {
    if let Link::Lost { since, guarded, .. } = &model.link {
        let interface = model
            .status
            .as_ref()
            .map_or("the interface", |status| &status.interface);
        let interface = printable(interface);
        let since = units::clock(*since);
        let what = match guarded {
            Some(true) => format!("{interface} is still guarded"),
            Some(false) => format!("{interface} IS NOT GUARDED"),
            None => format!("whether {interface} is guarded is not known"),
        };
        return Some(format!("!!! NO DAEMON ANSWERS since {since}; {what}"));
    }
    let status = model.status.as_ref()?;
    if status.protection != Protection::Unprotected {
        return None;
    }
    let interface = printable(&status.interface);
    let why = status.reason.as_deref().map(printable);
    let why = why.unwrap_or_else(|| "the programs are not there".to_owned());
    Some(format!(
        "!!! UNPROTECTED {interface}: PACKETS PASS UNJUDGED: {why}"
    ))
}

fn state(model: &Model, y: u16, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let Some(status) = &model.status else {
        canvas.put(1, y, "waiting for the daemon's first answer", theme.faint());
        return;
    };
    let x = canvas.put(1, y, &printable(&status.interface), theme.strong());
    let (name, style) = match status.protection {
        Protection::Enforcing => ("ENFORCING", theme.good()),
        Protection::Observing => ("OBSERVING: nothing is denied", theme.would()),
        Protection::Unprotected => ("UNPROTECTED", theme.alarm()),
        Protection::Waiting => ("WAITING: there is no interface", theme.warning()),
    };
    let mut x = canvas.put(x + 2, y, name, style);
    if status.fail == "closed" {
        let (gate, style) = if status.gate_closed {
            ("gate closed", theme.faint())
        } else {
            ("GATE OPEN", theme.alarm())
        };
        x = canvas.put(x + 2, y, gate, style);
    }
    if let Some(until) = status.trial_until {
        let text = format!("ON TRIAL until {}", units::clock(until));
        x = canvas.put(x + 2, y, &text, theme.warning());
    }
    if status.reload_error.is_some() {
        x = canvas.put(x + 2, y, "RELOAD FAILED", theme.warning());
    }
    x = canvas.put(x + 2, y, "mode ", theme.faint());
    x = canvas.put(x, y, &printable(&status.mode), Style::new());
    x = canvas.put(x + 2, y, "policy ", theme.faint());
    canvas.put(x, y, &status.generation.to_string(), Style::new());
}

/// Cells of a rate, and of its label.
const RATE: u16 = 12;

fn throughput(model: &Model, y: u16, canvas: &mut Canvas<'_>) {
    let half = canvas.area().width / 2;
    for (x, name, gauge) in [(1, "out", &model.out), (half + 1, "in", &model.back)] {
        canvas.put(x, y, name, canvas.theme.faint());
        let rate = gauge.now().map_or_else(
            || "-".to_owned(),
            |rate| units::rate(rate, model.unit) + "/s",
        );
        canvas.put_right(x + 4, y, RATE, &rate, canvas.theme.strong());
        let start = x + 4 + RATE + 1;
        spark(gauge, start, y, half.saturating_sub(start - x + 2), canvas);
    }
}

fn spark(gauge: &Gauge, x: u16, y: u16, width: u16, canvas: &mut Canvas<'_>) {
    let rates: Vec<f64> = gauge.history(width.into()).collect();
    let most = rates.iter().copied().fold(0.0, f64::max);
    let bars = canvas.theme.bars();
    let line: String = rates
        .iter()
        .map(|rate| {
            // Against the most that is shown; nothing at all is a blank.
            let level = (rate / most * bars.len() as f64).ceil() as usize;
            let bar = level
                .checked_sub(1)
                .and_then(|level| bars.get(level.min(bars.len() - 1)));
            bar.copied().unwrap_or(" ")
        })
        .collect();
    let missing = width.saturating_sub(u16::try_from(rates.len()).unwrap_or(width));
    canvas.put_in(x + missing, y, width, &line, canvas.theme.spark());
}

fn counters(model: &Model, y: u16, canvas: &mut Canvas<'_>) {
    let status = model.status.as_ref();
    let count =
        |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let lost = status.map(|status| status.lost_kernel + status.lost_output + status.lost_file);
    let drops = model
        .drops
        .now()
        .map_or_else(|| "-".to_owned(), units::frequency);
    let changes = model.changes.len();
    let theme = canvas.theme;
    let plain = Style::new();
    let warn = |is_bad: bool| if is_bad { theme.warning() } else { plain };
    let fields = [
        ("drops/s", drops, plain, 8),
        ("denied", count(status.map(denied)), plain, 10),
        (
            "flows",
            count(status.and_then(|status| u64::try_from(status.flows).ok())),
            plain,
            8,
        ),
        ("lost events", count(lost), warn(lost.unwrap_or(0) > 0), 8),
        ("changes", changes.to_string(), warn(changes > 0), 4),
    ];
    let mut x = 1;
    for (name, value, style, width) in fields {
        let end = canvas.put(x, y, name, theme.faint());
        canvas.put_in(end + 1, y, width, &value, style);
        // Numbers that grow do not push what is beside them.
        x = end + 1 + width;
    }
}

fn denied(status: &Status) -> u64 {
    status.outbound.denied_pkts + status.inbound.denied_pkts
}

fn tabs(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    for tab in Tab::ALL {
        let (x, _) = label(tab);
        let name = format!("{} {}", tab.index() + 1, tab.title());
        if tab == model.tab {
            canvas.put(x, area.y, &format!("[{name}]"), canvas.theme.selected());
        } else {
            canvas.put(x + 1, area.y, &name, Style::new());
        }
    }
}

/// The tab whose label is at a column.
pub(crate) fn tab_at(x: u16) -> Option<Tab> {
    let is_there = |tab: &Tab| {
        let (start, width) = label(*tab);
        (start..start + width).contains(&x)
    };
    Tab::ALL.into_iter().find(is_there)
}
