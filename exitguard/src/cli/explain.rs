//! `exitguard explain`.

use super::error::Usage;
use super::{ExplainArgs, error, network, print};
use exitguard::changes::Book;
use exitguard::config::Config;
use exitguard::daemon::{DaemonError, Desired, Overrides, PolicyFiles};
use exitguard::exit_code::Exit;
use exitguard::explain::{Destination, Explanation, explain as ask};
use exitguard::kept_file;
use exitguard::policy::Network;
use exitguard_common::abi::Verdict;
use exitguard_common::packet::protocol;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

#[derive(Serialize)]
struct Answer {
    decision: &'static str,
    reason: &'static str,
    rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ports: Option<String>,
    destination: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    mode: &'static str,
    action: &'static str,
}

/// An address that no client has: it gets the rule of all clients without one of their own.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

pub(super) fn explain(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let destination: Destination = args
        .destination
        .parse()
        .map_err(|why| Usage(format!("cannot explain \"{}\": {why}", args.destination)))?;
    let files = PolicyFiles {
        config: args.config.config.clone(),
        overrides: Overrides::default(),
    };
    let desired = files.read()?;
    error::show(&desired.warnings);
    let client = args
        .client
        .as_deref()
        .map(|client| resolve(client, &desired.config))
        .transpose()?;
    let explanation = explain_with(&desired, client, &destination)?;
    let exit = if explanation.is_allowed() {
        Exit::Ok
    } else {
        Exit::Negative
    };
    let answer = Answer::new(&explanation, &desired, &destination, client);
    if args.json {
        print::json(&answer)?;
    } else {
        print::text(&answer.text())?;
    }
    Ok(exit)
}

/// What happens to an address on any port, for a client without a rule of its own.
#[derive(Serialize)]
pub(super) struct Policy {
    decision: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    action: &'static str,
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decision = match self.decision {
            "would_deny" => "would deny",
            decision => decision,
        };
        write!(f, "{decision}, because of {}", self.reason)?;
        if let (Some(list), Some(entry)) = (&self.list, &self.entry) {
            write!(f, " ({list}, entry {entry})")?;
        }
        write!(f, "; action {}", self.action)
    }
}

/// Asks the policy about an address, by TCP on the port that it allows most probably.
pub(super) fn of_anybody(
    desired: &Desired,
    network: &Network,
    addr: IpAddr,
) -> Result<Policy, DaemonError> {
    let destination = Destination {
        addr,
        port: None,
        protocol: protocol::TCP,
    };
    let (policy, labels) = desired.compile(network, &changed(&desired.config))?;
    let explanation = ask(&policy, &labels, NOBODY, &destination);
    let answer = Answer::new(&explanation, desired, &destination, None);
    Ok(Policy {
        decision: answer.decision,
        reason: answer.reason,
        list: answer.list,
        entry: answer.entry,
        action: answer.action,
    })
}

fn explain_with(
    desired: &Desired,
    client: Option<IpAddr>,
    destination: &Destination,
) -> Result<Explanation, DaemonError> {
    // This host's addresses and networks are part of every decision; so is what operators changed.
    let network = network::of(&desired.config)?;
    let (policy, labels) = desired.compile(&network, &changed(&desired.config))?;
    Ok(ask(&policy, &labels, client.unwrap_or(NOBODY), destination))
}

/// What is in force beside the configuration.
fn changed(config: &Config) -> Book {
    match kept_file::load::<Book>(&config.changes) {
        Ok(book) => {
            let mut book = book.unwrap_or_default();
            book.expire(Timestamp::now());
            book.look_up(config);
            book
        }
        Err(error) => {
            eprintln!("exitguard: {error}; what was changed at run time is left out");
            Book::default()
        }
    }
}

fn resolve(client: &str, config: &Config) -> Result<IpAddr, Usage> {
    if let Ok(addr) = client.parse() {
        return Ok(addr);
    }
    let named = config.clients.iter().find(|known| known.name == client);
    let first = named.and_then(|known| known.prefixes.first());
    first.map(ipnet::IpNet::addr).ok_or_else(|| {
        let names: Vec<&str> = config
            .clients
            .iter()
            .map(|known| known.name.as_str())
            .collect();
        let known = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        Usage(format!(
            "\"{client}\" is no address and no client of the configuration (clients: {known})"
        ))
    })
}

impl Answer {
    fn new(
        explanation: &Explanation,
        desired: &Desired,
        destination: &Destination,
        client: Option<IpAddr>,
    ) -> Self {
        let decision = explanation.decision;
        Self {
            decision: match decision.verdict {
                Verdict::Allow => "allow",
                Verdict::Deny => "deny",
                Verdict::WouldDeny => "would_deny",
            },
            reason: decision.reason.name(),
            rule: explanation.rule.clone(),
            list: explanation.list.clone(),
            entry: explanation.entry.clone(),
            ports: explanation.ports.as_ref().map(ToString::to_string),
            destination: destination.to_string(),
            client: client.map(|client| client.to_string()),
            mode: desired.config.mode.name(),
            action: match (decision.passes(), decision.reject) {
                (true, _) => "pass",
                (false, true) => "reject",
                (false, false) => "drop",
            },
        }
    }

    fn text(&self) -> String {
        let verdict = match (self.decision, &self.ports) {
            ("allow", Some(_)) => "allow, on some ports",
            ("allow", None) => "allow",
            ("deny", _) => "deny",
            _ => "would deny (the mode or the list only observes: it passes)",
        };
        let mut text = format!("{}: {verdict}\n", self.destination);
        let mut line = |label: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {label:<8}{value}");
        };
        line(
            "client",
            self.client
                .as_deref()
                .unwrap_or("any without a rule of its own"),
        );
        line("reason", self.reason);
        line("rule", &self.rule);
        if let Some(ports) = &self.ports {
            line("ports", ports);
        }
        match (&self.list, &self.entry) {
            (Some(list), Some(entry)) => line("list", &format!("{list}, entry {entry}")),
            (None, Some(entry)) => line("block", &format!("{entry}, at run time")),
            _ => {}
        }
        line("mode", self.mode);
        line("action", self.action);
        text
    }
}
