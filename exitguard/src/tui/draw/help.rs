//! Every key.

use super::canvas::Canvas;
use crate::tui::model::Model;
use ratatui::style::Style;

const HELP: [(&str, &str); 18] = [
    ("1-7  Tab  Shift-Tab", "tabs; Left and Right, too"),
    (
        "Up Down  j k  PgUp PgDn",
        "select a row; Home and End, g and G",
    ),
    (
        "Enter",
        "client: its destinations; destination, port: flows",
    ),
    ("Esc  Backspace", "one step back; takes the filter away"),
    ("d", "details of the row, and why it was decided so"),
    ("s S  > <", "sort by the next column, or the one before"),
    ("r", "the other way around"),
    ("/", "filter, as in: client:web1 port:25,443 deny"),
    ("Space  p", "pause; the lines at the top go on"),
    ("U  i", "rates in bytes or bits"),
    ("n", "names of well-known ports"),
    ("b", "block the destination"),
    ("a", "allow the destination"),
    ("B", "lock the client down"),
    ("u", "take a change back"),
    (
        "mouse",
        "tabs, columns, rows, wheel; with Shift: selects text",
    ),
    ("q  Ctrl-C", "quit; the guard goes on"),
    ("?  h  F1", "this; any key closes it"),
];

pub(super) fn draw(_: &Model, canvas: &mut Canvas<'_>) {
    const WIDTH: u16 = 78;
    let height = u16::try_from(HELP.len()).unwrap_or_default() + 2;
    let inner = canvas.window(WIDTH, height, "Keys");
    for (y, (keys, what)) in (inner.y..inner.bottom()).zip(HELP) {
        canvas.put(inner.x + 1, y, keys, canvas.theme.title());
        let x = inner.x + 24;
        let width = inner.right().saturating_sub(x + 1);
        canvas.put_in(x + 1, y, width, what, Style::new());
    }
}
