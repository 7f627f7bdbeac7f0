//! `[[client]]`, and prefixes.

use super::model::{Client, RuleSpec};
use super::report::{Problem, Report};
use super::rule::{Surroundings, client_rule};
use super::section::Section;
use super::value::Value;
use super::values;
use ipnet::IpNet;
use std::collections::{HashMap, HashSet};

/// Reads the clients. What one leaves out is as in `egress`.
pub(super) fn read_clients(
    sections: Vec<Section<'_>>,
    egress: &RuleSpec,
    surroundings: &Surroundings<'_>,
    report: &mut Report<'_>,
) -> Vec<Client> {
    let mut taken = Taken::default();
    let mut clients = Vec::new();
    for mut section in sections {
        let (name, prefixes) = taken.identity(&mut section, report);
        let rule = client_rule(&mut section, egress, surroundings, report);
        section.finish(report);
        clients.push(Client {
            name,
            prefixes,
            rule,
        });
    }
    clients
}

/// What belongs to a client already.
#[derive(Default)]
struct Taken {
    names: HashSet<String>,
    owners: HashMap<IpNet, String>,
}

impl Taken {
    /// Name and prefixes of the next client.
    fn identity(
        &mut self,
        section: &mut Section<'_>,
        report: &mut Report<'_>,
    ) -> (String, Vec<IpNet>) {
        let explicit = section.get("name");
        let matches = matches(section, report);
        let name = match (&explicit, matches.first()) {
            (Some(name), _) => name.as_str().unwrap_or_default(),
            (None, Some(first)) => first.as_str().unwrap_or_default(),
            (None, None) => "",
        };
        if let Some(explicit) = &explicit {
            report.read(explicit, |value| values::name(value.string()?));
        }
        let mut prefixes = Vec::new();
        let mut conflicts = 0;
        for item in &matches {
            let Some(prefix) = prefix(item, client_prefix, report) else {
                continue;
            };
            if let Some(owner) = self.owners.insert(prefix, name.to_owned()) {
                conflicts += 1;
                let message = match prefixes.contains(&prefix) {
                    true => format!("{prefix} is there twice for this client"),
                    false => format!("{prefix} belongs to client \"{owner}\" already"),
                };
                let hint =
                    "a prefix belongs to one client, once; where they nest, the longest wins";
                report.error(item.span(), Problem::new(message, hint));
            }
            prefixes.push(prefix);
        }
        // A client without a name is called by its first prefix, about which enough may have been said.
        if let Some(named_by) = explicit.as_ref().or(matches.first())
            && !name.is_empty()
            && !self.names.insert(name.to_owned())
            && conflicts == 0
        {
            let message = format!("there are two clients with the name \"{name}\"");
            let problem = Problem::new(message, "give each client its own name");
            report.error(named_by.span(), problem);
        }
        (name.to_owned(), prefixes)
    }
}

fn matches<'t>(section: &mut Section<'t>, report: &mut Report<'_>) -> Vec<Value<'t>> {
    let hint = "list its addresses or prefixes, as in match = [\"100.64.0.9\"]";
    let Some(value) = section.get("match") else {
        let message = "this client does not say what it matches";
        report.error(section.span(), Problem::new(message, hint));
        return Vec::new();
    };
    let items = report.read(&value, |value| match value.items()? {
        items if items.is_empty() => Err(Problem::new("this client matches nothing", hint)),
        items => Ok(items),
    });
    items.unwrap_or_default()
}

/// People try the names that Tailscale shows.
fn client_prefix(text: &str) -> Result<(IpNet, bool), Problem> {
    let of_an_address = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/');
    if text.contains(['.', ':']) && text.chars().all(of_an_address) {
        return values::prefix(text);
    }
    let message = format!("\"{text}\" is not an address or prefix");
    let hint = "clients are matched by Tailscale address, as `tailscale status` shows it; `name` is for a readable name";
    Err(Problem::new(message, hint))
}

/// Reads a prefix, and warns when it is written with host bits.
fn prefix(
    item: &Value<'_>,
    read: impl FnOnce(&str) -> Result<(IpNet, bool), Problem>,
    report: &mut Report<'_>,
) -> Option<IpNet> {
    let (prefix, masked) = report.read(item, |item| read(item.string()?))?;
    if masked {
        let message = format!(
            "{} has bits beyond its prefix; taken as {prefix}",
            item.source()
        );
        let longest = prefix.max_prefix_len();
        let hint = format!("write \"{prefix}\", or /{longest} for one host");
        report.warn(item.span(), Problem::new(message, hint));
    }
    Some(prefix)
}

/// Reads an array of prefixes.
pub(super) fn prefixes(value: &Value<'_>, report: &mut Report<'_>) -> Vec<IpNet> {
    let items = report.read(value, Value::items).into_iter().flatten();
    items
        .filter_map(|item| prefix(&item, values::prefix, report))
        .collect()
}
