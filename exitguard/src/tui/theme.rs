//! How things look. A meaning is always said by a word or a sign, too: colours only repeat it.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use std::ffi::OsString;

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Colours, and not only bold, faint and reversed.
    pub colour: bool,
    /// Signs beyond ASCII.
    pub unicode: bool,
}

impl Theme {
    /// As the environment asks for.
    pub fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let locale = locale.map(|locale| locale.to_string_lossy().to_ascii_lowercase());
        Self {
            // The convention (no-color.org): empty counts as absent.
            colour: set("NO_COLOR").is_none(),
            // Without any locale, UTF-8 is the better guess.
            unicode: locale.is_none_or(|name| name.contains("utf-8") || name.contains("utf8")),
        }
    }

    fn with(self, colour: Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        if self.colour { style.fg(colour) } else { style }
    }

    /// What stands out without being news.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is not so important, or not known to be true any more.
    pub(crate) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Headings.
    pub(crate) fn title(self) -> Style {
        self.with(Color::Cyan, Modifier::BOLD)
    }

    /// As it should be. Blue, which nobody takes for orange, as some take green for red.
    pub(crate) fn good(self) -> Style {
        self.with(Color::LightBlue, Modifier::BOLD)
    }

    /// Denied.
    pub(crate) fn denied(self) -> Style {
        self.with(Color::LightYellow, Modifier::BOLD)
    }

    /// Would be denied.
    pub(crate) fn would(self) -> Style {
        self.with(Color::LightMagenta, Modifier::empty())
    }

    /// Something to look at.
    pub(crate) fn warning(self) -> Style {
        self.with(Color::LightYellow, Modifier::BOLD)
    }

    /// Nobody may miss it, with colours or without.
    pub(crate) fn alarm(self) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED);
        if self.colour {
            style.fg(Color::LightYellow).bg(Color::Black)
        } else {
            style
        }
    }

    /// The row or choice that keys are for.
    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Sparklines.
    pub(crate) fn spark(self) -> Style {
        self.with(Color::LightBlue, Modifier::empty())
    }

    /// From nothing to the most there was.
    pub(crate) const fn bars(self) -> [&'static str; 8] {
        if self.unicode {
            ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        } else {
            ["_", ".", ",", "-", "~", "=", "*", "#"]
        }
    }

    /// In the place of what has no room.
    pub(crate) const fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "~" }
    }

    /// Between the steps of a way.
    pub(crate) const fn step(self) -> &'static str {
        if self.unicode { " › " } else { " > " }
    }

    /// The way a column is sorted.
    pub(crate) const fn arrow(self, descending: bool) -> &'static str {
        match (self.unicode, descending) {
            (true, true) => "▼",
            (true, false) => "▲",
            (false, true) => "v",
            (false, false) => "^",
        }
    }

    /// Frames.
    pub(crate) const fn frame(self) -> border::Set<'static> {
        if self.unicode {
            return border::PLAIN;
        }
        border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(environment: &[(&str, &str)]) -> Theme {
        Theme::of(|name| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn the_environment_decides_about_colours_and_signs() {
        let theme = |colour, unicode| Theme { colour, unicode };
        for (environment, expected) in [
            (&[][..], theme(true, true)),
            (&[("NO_COLOR", "1")], theme(false, true)),
            (&[("NO_COLOR", "")], theme(true, true)),
            (&[("LANG", "C")], theme(true, false)),
            (&[("LANG", "C"), ("LC_ALL", "C.UTF-8")], theme(true, true)),
            (&[("LANG", "de_DE.utf8")], theme(true, true)),
        ] {
            assert_eq!(of(environment), expected, "{environment:?}");
        }
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let theme = of(&[("NO_COLOR", "1")]);
        for style in [
            theme.title(),
            theme.good(),
            theme.denied(),
            theme.would(),
            theme.warning(),
            theme.alarm(),
            theme.selected(),
            theme.spark(),
        ] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
