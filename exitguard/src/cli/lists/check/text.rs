//! What people read about a file.

use super::{Answer, Blocks, Content, Refused};
use std::fmt::{Display, Write};

impl Answer {
    pub(super) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = Lines::default();
        text.line("file", exitguard::diagnostic::printable(&self.file))?;
        match &self.refused {
            Some(Refused { why, remedy }) => {
                text.line("result", format_args!("not taken: {why}"))?;
                text.line("", remedy)?;
            }
            None => text.line("result", "taken")?,
        }
        match &self.content {
            Some(content) => content.text(&mut text)?,
            None if self.taken => text.line("blocks", "no address")?,
            None => {}
        }
        Ok(text.0)
    }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, label: &str, value: impl Display) -> std::fmt::Result {
        writeln!(self.0, "{label:<12}{value}")
    }

    /// A line, if there is anything to tell.
    fn count(&mut self, label: &str, count: usize, what: &str) -> std::fmt::Result {
        match count {
            0 => Ok(()),
            _ => self.line(label, format_args!("{count} {what}")),
        }
    }
}

impl Content {
    fn text(&self, text: &mut Lines) -> std::fmt::Result {
        text.line("format", self.format)?;
        text.line(
            "lines",
            format_args!(
                "{}, {} of them comments or blank",
                self.lines,
                self.lines.saturating_sub(self.entries)
            ),
        )?;
        text.line(
            "entries",
            format_args!(
                "{}: {} valid, {} invalid, {} of other kinds",
                self.entries, self.valid, self.invalid, self.skipped
            ),
        )?;
        text.count("", self.duplicates, "there twice")?;
        text.count("", self.masked, "with bits beyond their length")?;
        text.line(
            "prefixes",
            format_args!("{} IPv4, {} IPv6", self.prefixes_v4, self.prefixes_v6),
        )?;
        text.count("exceptions", self.exceptions, "by prefix")?;
        let domains = self.domains_exact + self.domains_with_subdomains;
        if domains > 0 {
            text.line(
                "names",
                format_args!(
                    "{domains}, {} of them with all below them",
                    self.domains_with_subdomains
                ),
            )?;
        }
        text.count("exceptions", self.domain_exceptions, "by name")?;
        self.blocks.text(text)?;
        for short in &self.too_short {
            text.line(
                "left out",
                format_args!("{short}: shorter than /8, or /16 of IPv6"),
            )?;
        }
        for bogon in &self.bogons {
            let label = if bogon.left_out { "left out" } else { "bogons" };
            text.line(
                label,
                format_args!("{} in {} ({})", bogon.entries, bogon.range, bogon.purpose),
            )?;
        }
        for collision in &self.collisions {
            text.line("left out", collision)?;
        }
        for warning in self.warnings.iter().chain(&self.samples) {
            text.line("", warning)?;
        }
        Ok(())
    }
}

impl Blocks {
    fn text(&self, text: &mut Lines) -> std::fmt::Result {
        if self.v4_ranges > 0 {
            text.line(
                "blocks",
                format_args!(
                    "{} IPv4 addresses ({:.4} % of all) in {} ranges",
                    self.v4_addresses, self.v4_percent, self.v4_ranges
                ),
            )?;
        }
        if self.v6_ranges > 0 {
            text.line(
                "blocks",
                format_args!(
                    "{} IPv6 /64 networks in {} ranges",
                    self.v6_networks, self.v6_ranges
                ),
            )?;
        }
        if self.widest.is_empty() {
            return text.line("blocks", "no address");
        }
        text.line("widest", self.widest.join(", "))
    }
}
