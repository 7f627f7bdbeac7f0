//! A proposal as TOML, every line of which says what it comes from.

use super::proposal::{ClientRule, Proposal, Stopped, Why};
use super::rule::{Key, Rule, Seen, Service};
use super::runs::runs;
use crate::config::protocol_name;
use crate::diagnostic::printable;
use crate::policy::short;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Lines about what is not proposed, in each place; the rest is counted.
const MAX_RARE: usize = 50;
/// From so many lines on, somebody may have meant all ports.
const MANY: usize = 100;
/// Names in a line.
const MAX_NAMES: usize = 3;

impl Proposal {
    /// As a file.
    pub fn toml(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        writeln!(
            text,
            "# Proposed by `exitguard learn` from {} flows that clients opened from {} to {}.",
            self.flows,
            date(self.since),
            date(self.time)
        )?;
        text.push_str(
            "# Put these keys into the sections of your configuration that have the same names, and keep what is there beside\n\
             # them: `lan`, `lists`, `on_deny` and exceptions are not proposed. Lines that begin with # alone are not in force:\n\
             # take the # from what you know the reason of.\n",
        );
        if self.left_out > 0 {
            writeln!(
                text,
                "# Left out: {} that {} locked down or blocked at run time, or that no rule can name.",
                flows(self.left_out),
                if self.left_out == 1 { "was" } else { "were" },
            )?;
        }
        if let Some(egress) = &self.egress {
            text.push_str("\n[egress]\n");
            rule(text, egress, true)?;
        }
        for client in &self.clients {
            text.push('\n');
            write_client(text, client)?;
        }
        exceptions(text, &self.stopped)
    }
}

fn write_client(text: &mut String, client: &ClientRule) -> fmt::Result {
    writeln!(text, "# {} What is not here is as in [egress].", client.why)?;
    text.push_str("[[client]]\n");
    writeln!(text, "name = {}", quoted(&client.name))?;
    let prefixes = client.prefixes.iter().map(|net| quoted(&short(*net)));
    let prefixes: Vec<String> = prefixes.collect();
    writeln!(text, "match = [{}]", prefixes.join(", "))?;
    rule(text, &client.rule, false)
}

/// Keys of a rule; one that is whole has those that are required.
fn rule(text: &mut String, rule: &Rule, is_whole: bool) -> fmt::Result {
    for (key, name) in [
        (Key::Tcp, "tcp"),
        (Key::Udp, "udp"),
        (Key::Sctp, "sctp"),
        (Key::Icmp, "icmp"),
        (Key::Protocols, "protocols"),
    ] {
        let is_required = is_whole && matches!(key, Key::Tcp | Key::Udp | Key::Icmp);
        match (rule.has(key), key) {
            (true, Key::Icmp) => icmp(text, rule, is_whole)?,
            (true, _) => array(text, rule, key, name)?,
            (false, Key::Icmp) if is_required => text.push_str("icmp = false  # not seen\n"),
            (false, _) if is_required => writeln!(text, "{name} = []  # not seen")?,
            (false, _) => {}
        }
    }
    if let Some(seen) = &rule.lan {
        writeln!(
            text,
            "#lan = true  # all private networks: {}; or only some, see [allow]",
            about(seen)
        )?;
    }
    Ok(())
}

fn icmp(text: &mut String, rule: &Rule, is_whole: bool) -> fmt::Result {
    if let Some(seen) = rule.permitted.get(&Service::Icmp) {
        return writeln!(text, "icmp = true  # {}", about(seen));
    }
    if is_whole {
        text.push_str("icmp = false\n");
    }
    let seen = rule.rare.get(&Service::Icmp);
    seen.map_or(Ok(()), |seen| {
        writeln!(text, "#icmp = true  # {}{}", rarity(seen), about(seen))
    })
}

fn array(text: &mut String, rule: &Rule, key: Key, name: &str) -> fmt::Result {
    let runs = runs(rule, key);
    let width = runs.iter().map(|run| run.value().len()).max();
    let width = width.unwrap_or_default() + 1;
    writeln!(text, "{name} = [")?;
    if runs.iter().filter(|run| !run.is_rare).count() >= MANY {
        writeln!(text, "    # So many: do you mean {name} = \"any\"?")?;
    }
    let mut rare = 0;
    let mut more: Option<Seen> = None;
    for run in &runs {
        let value = run.value() + ",";
        let seen = about(&run.seen);
        if !run.is_rare {
            writeln!(text, "    {value:width$}  # {seen}")?;
        } else if rare < MAX_RARE {
            rare += 1;
            writeln!(text, "    #{value:width$} # {}{seen}", rarity(&run.seen))?;
        } else {
            match &mut more {
                Some(more) => more.add(&run.seen),
                None => more = Some(run.seen.clone().into_owned()),
            }
        }
    }
    if let Some(more) = more {
        writeln!(
            text,
            "    # and more that were seldom seen: {}",
            about(&more)
        )?;
    }
    text.push_str("]\n");
    Ok(())
}

/// What was stopped whatever the ports: never in force by itself.
fn exceptions(text: &mut String, stopped: &[Stopped]) -> fmt::Result {
    if stopped.is_empty() {
        return Ok(());
    }
    text.push_str(
        "\n# Stopped, or to be, whatever the ports: exceptions that you may want to make. The ports have to be permitted, too.\n\
         #[allow]\n#destinations = [\n",
    );
    for one in stopped.iter().take(MAX_RARE) {
        let to: Vec<String> = one.to.iter().map(Service::to_string).collect();
        let to = enumerated(to.iter().map(String::as_str), to.len());
        let seen = about(&one.seen);
        let address = match one.address {
            Some(address) => format!("#    \"{address}\",  #"),
            None => "#    # others,".to_owned(),
        };
        let list = match &one.why {
            Why::Lan => {
                writeln!(text, "{address} private network: {seen}, to {to}")?;
                continue;
            }
            Why::List(list) => printable(list),
            Why::SomeList => "(one or another)".to_owned(),
        };
        writeln!(
            text,
            "{address} on list {list}: {seen}, to {to}: allow only if you know why"
        )?;
    }
    if let Some(more) = stopped.len().checked_sub(MAX_RARE).filter(|more| *more > 0) {
        writeln!(
            text,
            "#    # and {more} more: `exitguard learn --json` lists them"
        )?;
    }
    text.push_str("#]\n");
    Ok(())
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(port) => write!(f, "tcp {port}"),
            Self::Udp(port) => write!(f, "udp {port}"),
            Self::Sctp(port) => write!(f, "sctp {port}"),
            Self::Icmp => f.write_str("icmp"),
            Self::Protocol(number) => match protocol_name(*number) {
                Some(name) => f.write_str(name),
                None => write!(f, "protocol {number}"),
            },
        }
    }
}

/// `412 flows of 3 clients, last 2026-01-02`.
fn about(seen: &Seen) -> String {
    let names = seen.clients.iter().map(|name| printable(name));
    let names: BTreeSet<String> = names.collect();
    let clients = match names.len() {
        1 => enumerated(names.iter().map(String::as_str), 1),
        many => format!("{many} clients"),
    };
    format!(
        "{} of {clients}, last {}",
        flows(seen.flows),
        date(seen.last)
    )
}

fn rarity(seen: &Seen) -> &'static str {
    match seen.flows {
        1 => "seen once: ",
        _ if seen.answered == 0 => "never answered: ",
        _ => "seldom seen: ",
    }
}

fn enumerated<'n>(names: impl Iterator<Item = &'n str>, count: usize) -> String {
    let some: Vec<&str> = names.take(MAX_NAMES).collect();
    match count.checked_sub(MAX_NAMES).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", some.join(", ")),
        None => some.join(", "),
    }
}

fn flows(count: u64) -> String {
    match count {
        1 => "1 flow".to_owned(),
        count => format!("{count} flows"),
    }
}

fn date(time: Timestamp) -> String {
    time.strftime("%F").to_string()
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
