//! The last two lines: what came of something, and keys.

use super::Places;
use super::canvas::Canvas;
use crate::control::Protection;
use crate::diagnostic::printable;
use crate::tui::model::{Link, Model};

const KEYS: &[(&str, &str)] = &[
    ("?", "help"),
    ("/", "filter"),
    ("Enter", "down"),
    ("d", "why"),
    ("b", "block"),
    ("a", "allow"),
    ("B", "lock"),
    ("u", "undo"),
    ("q", "quit"),
];
const TYPING: &[(&str, &str)] = &[
    ("Enter", "use it"),
    ("Esc", "as it was"),
    ("Ctrl-U", "empty it"),
];
const ASKING: &[(&str, &str)] = &[("Up Down", "choose"), ("Enter", "do it"), ("Esc", "cancel")];

pub(super) fn draw(model: &Model, places: Places, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let y = places.message.y;
    if let Some(message) = &model.message {
        let (sign, style) = if message.is_trouble {
            ("! ", theme.warning())
        } else {
            ("", theme.good())
        };
        let x = canvas.put(1, y, sign, style);
        canvas.put(x, y, &message.text, style);
    } else if let Some(text) = trouble(model) {
        canvas.put(1, y, &text, theme.faint());
    } else {
        let rows = model.rows.len();
        let text = match model.selected() {
            Some(_) => format!("{} of {rows}", model.view().index + 1),
            None => rows.to_string(),
        };
        let width = places.message.width.saturating_sub(2);
        canvas.put_right(1, y, width, &text, theme.faint());
    }
    let keys = if model.dialog.is_some() {
        ASKING
    } else if model.search.typing.is_some() {
        TYPING
    } else {
        KEYS
    };
    let mut x = 1;
    for (key, what) in keys {
        x = canvas.put(x, places.keys.y, key, theme.title());
        x = canvas.put(x + 1, places.keys.y, what, theme.faint()) + 2;
    }
}

/// What the first line has no room for.
fn trouble(model: &Model) -> Option<String> {
    if let Link::Lost { why, .. } = &model.link {
        return Some(format!("tried again every second: {}", printable(why)));
    }
    let status = model.status.as_ref()?;
    if status.protection != Protection::Unprotected {
        return None;
    }
    status.reason.as_deref().map(printable)
}
