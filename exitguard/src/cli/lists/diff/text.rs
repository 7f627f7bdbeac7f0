//! What people read about two versions.

use super::{Answer, Count};
use exitguard::diagnostic::printable;
use std::fmt::{Display, Write};

impl Answer {
    pub(super) fn text(&self) -> String {
        let Some(with) = &self.with else {
            return printable(&format!("{}: nothing is held", self.list)) + "\n";
        };
        let first = format!("{}: what is in force, and {with}", self.list);
        let mut text = printable(&first) + "\n";
        line(&mut text, "prefixes", &self.prefixes);
        if self.names.before + self.names.after > 0 {
            line(
                &mut text,
                "names",
                format_args!("{}, not enforced yet", self.names),
            );
        }
        let (v4, v6) = (&self.v4_addresses, &self.v6_networks);
        let blocks = format_args!("{} IPv4 addresses, {} before", v4.after, v4.before);
        line(&mut text, "blocks", blocks);
        if [&v6.before, &v6.after].iter().any(|count| *count != "0") {
            let blocks = format_args!("{} IPv6 /64 networks, {} before", v6.after, v6.before);
            line(&mut text, "blocks", blocks);
        }
        for what in &self.left_out {
            line(&mut text, "left out", what);
        }
        for (sign, shown, count) in [
            ('+', &self.added, self.prefixes.added),
            ('-', &self.removed, self.prefixes.removed),
            ('+', &self.names_added, self.names.added),
            ('-', &self.names_removed, self.names.removed),
        ] {
            for entry in shown {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{sign}{}", printable(entry));
            }
            if count > shown.len() {
                let more = count - shown.len();
                let _ = writeln!(text, "{sign} {more} more; --limit 0 shows all");
            }
        }
        text
    }
}

impl Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            added,
            removed,
            before,
            after,
        } = self;
        write!(f, "+{added} -{removed}: {after}, {before} before")
    }
}

fn line(text: &mut String, label: &str, value: impl Display) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  {label:<10}{value}");
}
