//! Questions.

use super::canvas::{Canvas, wrapped};
use crate::control::{Change, ChangeKind};
use crate::diagnostic::printable;
use crate::tui::model::{Ask, CHOICES, Dialog, FORCE_CHOICES, Model, subject};
use crate::tui::units;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// As wide as the narrowest screen permits.
const WIDTH: u16 = 74;
/// Changes that are shown at once.
const CHANGES: usize = 10;

pub(super) fn draw(dialog: &Dialog, model: &Model, canvas: &mut Canvas<'_>) {
    let (title, text, choices, first) = match dialog {
        Dialog::Ask(ask) => {
            let (title, mut text) = question(ask);
            let observes = model
                .status
                .as_ref()
                .is_some_and(|status| status.mode == "observe");
            if observes && ask.kind != ChangeKind::Allow {
                text.push(
                    "The mode is observe: it is reported, and passes all the same.".to_owned(),
                );
            }
            let choices = CHOICES.iter().map(|choice| (*choice).to_owned());
            (title, text, choices.collect(), 0)
        }
        Dialog::Force { why, .. } => {
            let text = vec![format!("The daemon warns: {why}")];
            let choices = FORCE_CHOICES.iter().map(|choice| (*choice).to_owned());
            (
                "This may cut what you need".to_owned(),
                text,
                choices.collect(),
                0,
            )
        }
        Dialog::Undo { changes, choice } => {
            let first = (choice + 1).saturating_sub(CHANGES);
            let shown = changes.iter().skip(first).take(CHANGES);
            let choices: Vec<String> = shown.map(|change| about(change, model)).collect();
            let text = vec![format!("{} in force; which is to go?", changes.len())];
            ("Take a change back".to_owned(), text, choices, first)
        }
    };
    let text: Vec<String> = text
        .iter()
        .flat_map(|line| wrapped(line, (WIDTH - 4).into()))
        .collect();
    let command = dialog.command();
    let lines = u16::try_from(text.len() + choices.len()).unwrap_or(u16::MAX);
    let inner = canvas.window(WIDTH, lines.saturating_add(7), &title);
    let mut y = inner.y;
    let mut put = |canvas: &mut Canvas<'_>, text: &str, style: Style| {
        let width = inner.width.saturating_sub(2);
        canvas.put_in(inner.x + 1, y, width, text, style);
        y += 1;
        y - 1
    };
    for line in &text {
        put(canvas, line, Style::new());
    }
    put(canvas, "", Style::new());
    let chosen = chosen(dialog).saturating_sub(first);
    for (at, choice) in choices.iter().enumerate() {
        let sign = if at == chosen { ">" } else { " " };
        let y = put(canvas, &format!("{sign} {choice}"), Style::new());
        if at == chosen {
            let line = Rect::new(inner.x, y, inner.width, 1);
            canvas.style(line, canvas.theme.selected());
        }
    }
    put(canvas, "", Style::new());
    let (label, command) = match (dialog, command) {
        (_, None) => ("Nothing will be done.", String::new()),
        (Dialog::Force { .. }, Some(command)) => {
            ("The second does what this command does:", command)
        }
        (_, Some(command)) => ("The same as this command:", command),
    };
    put(canvas, label, canvas.theme.faint());
    put(canvas, &format!("  {command}"), canvas.theme.strong());
}

const fn chosen(dialog: &Dialog) -> usize {
    match dialog {
        Dialog::Ask(ask) => ask.choice,
        Dialog::Force { choice, .. } | Dialog::Undo { choice, .. } => *choice,
    }
}

fn question(ask: &Ask) -> (String, Vec<String>) {
    let destination = ask.destination.map(|address| address.to_string());
    let destination = destination.unwrap_or_default();
    let client = ask.client.map(|address| address.to_string());
    let client = client.unwrap_or_default();
    let (title, mut text) = match ask.kind {
        ChangeKind::Block => (
            format!("Block {destination}"),
            vec!["Everything to it is denied at once, in flows that are open, too.".to_owned()],
        ),
        ChangeKind::Allow => (
            format!("Allow {destination}"),
            vec![
                "No blocklist and no LAN guard will stop it; the rule still has to allow its ports."
                    .to_owned(),
            ],
        ),
        ChangeKind::Lockdown => (
            format!("Lock down {client}"),
            vec![
                "Everything it sends is denied but established connections to this host."
                    .to_owned(),
            ],
        ),
    };
    if ask.can_be_for_one_client() {
        text.push(if ask.only_client {
            format!("For {client} only; c: for every client.")
        } else {
            format!("For every client; c: for {client} only.")
        });
    }
    (title, text)
}

/// A change in a line.
fn about(change: &Change, model: &Model) -> String {
    let until = change.until.map_or_else(
        || "until taken back".to_owned(),
        |at| format!("until {}", units::clock(at)),
    );
    let (id, kind) = (change.id, change.kind.name());
    let what = subject(change);
    let (by, age) = (printable(&change.by), units::age(change.since, model.now));
    format!("{id}  {kind} {what}, {until}, by {by} {age} ago")
}
