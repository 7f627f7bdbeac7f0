//! `exitguard check`.

use super::{CheckArgs, error, network, print};
use exitguard::config::{Config, Interface, ListAction, OnDeny, RuleSpec, protocol_name};
use exitguard::daemon::{DaemonError, Desired, Overrides, PolicyFiles};
use exitguard::exit_code::Exit;
use exitguard::lists::LoadedList;
use exitguard::policy::compile;
use serde::Serialize;
use std::fmt::Write;

/// The effective policy, for people and for programs.
#[derive(Serialize)]
struct Effective {
    config: String,
    mode: &'static str,
    interface: String,
    lists: Vec<EffectiveList>,
    rules: Vec<EffectiveRule>,
    allow: Vec<String>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct EffectiveList {
    name: String,
    action: &'static str,
    entries: usize,
    left_out: usize,
    /// Not enforced yet.
    names: usize,
}

#[derive(Serialize)]
struct EffectiveRule {
    rule: String,
    #[serde(rename = "match")]
    matches: Vec<String>,
    tcp: String,
    udp: String,
    sctp: String,
    icmp: bool,
    protocols: Vec<String>,
    lan: bool,
    on_deny: &'static str,
    lists: Vec<String>,
    lockdown: bool,
}

pub(super) fn check(args: &CheckArgs) -> anyhow::Result<Exit> {
    let files = PolicyFiles {
        config: args.config.config.clone(),
        overrides: Overrides::default(),
    };
    let mut desired = files.check()?;
    // Without a network to look at, the policy can be checked all the same.
    let network = network::of(&desired.config).unwrap_or_default();
    compile(
        &desired.config,
        desired.lists.clone(),
        &desired.surroundings(&network),
    )
    .map_err(DaemonError::from)?;
    let collisions = desired.collisions(&network);
    desired.warnings.extend(collisions);
    error::show(&desired.warnings);
    let effective = Effective::new(&args.config.config.display().to_string(), &desired);
    if args.json {
        print::json(&effective)
    } else {
        print::text(&effective.text())
    }
}

impl Effective {
    fn new(path: &str, desired: &Desired) -> Self {
        let Config {
            mode,
            interface,
            host,
            egress,
            clients,
            allow,
            ..
        } = &desired.config;
        let rule = |name: &str, matches: Vec<String>, spec| {
            EffectiveRule::new(name, matches, spec, &desired.lists)
        };
        let mut rules = vec![
            rule("egress", vec!["any other client".into()], egress),
            rule(
                "host",
                vec!["any client, towards this host and the tailnet".into()],
                host,
            ),
        ];
        rules.extend(clients.iter().map(|client| {
            let matches = client.prefixes.iter().map(ToString::to_string).collect();
            rule(&format!("client {}", client.name), matches, &client.rule)
        }));
        Self {
            config: path.to_owned(),
            mode: mode.name(),
            interface: match interface {
                Interface::Auto => "auto".to_owned(),
                Interface::Named(name) => name.clone(),
            },
            lists: desired.lists.iter().map(EffectiveList::new).collect(),
            rules,
            allow: allow.iter().map(ToString::to_string).collect(),
            warnings: desired.warnings.iter().map(ToString::to_string).collect(),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |label: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{label:<12}{value}");
        };
        line("config", &format!("{}: valid", self.config));
        line("mode", self.mode);
        line("interface", &self.interface);
        for list in &self.lists {
            line(
                "list",
                &format!("{}: {} entries, {}", list.name, list.entries, list.action),
            );
            if list.left_out > 0 {
                line(
                    "",
                    &format!("{} in special-purpose ranges, left out", list.left_out),
                );
            }
            if list.names > 0 {
                line("", &format!("{} names, not enforced yet", list.names));
            }
        }
        if !self.allow.is_empty() {
            line("allow", &self.allow.join(", "));
        }
        for rule in &self.rules {
            line("", "");
            line("rule", &rule.rule);
            line("  for", &rule.matches.join(", "));
            if rule.lockdown {
                line(
                    "  lockdown",
                    "everything but established connections to this host is denied",
                );
            }
            line("  tcp", &rule.tcp);
            line("  udp", &rule.udp);
            line("  sctp", &rule.sctp);
            line("  icmp", yes_no(rule.icmp));
            line("  other", &join_or_none(&rule.protocols));
            if rule.rule != "host" {
                line("  lan", yes_no(rule.lan));
                line("  lists", &join_or_none(&rule.lists));
            }
            line("  on deny", rule.on_deny);
        }
        // Lines without a value end in the blanks of their label.
        text.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
            + "\n"
    }
}

impl EffectiveList {
    fn new(list: &LoadedList) -> Self {
        let action = match list.action {
            ListAction::Deny => "deny",
            ListAction::Observe => "observe",
        };
        Self {
            name: list.name.clone(),
            action,
            entries: list.entries.len(),
            left_out: list.left_out_entries(),
            names: list.names,
        }
    }
}

impl EffectiveRule {
    fn new(name: &str, matches: Vec<String>, spec: &RuleSpec, lists: &[LoadedList]) -> Self {
        let protocols: Vec<u8> = spec.protocols.iter().collect();
        let applying = lists
            .iter()
            .enumerate()
            .filter(|(bit, _)| spec.lists >> bit & 1 != 0);
        Self {
            rule: name.to_owned(),
            matches,
            tcp: spec.tcp.to_string(),
            udp: spec.udp.to_string(),
            sctp: spec.sctp.to_string(),
            icmp: spec.icmp,
            protocols: if protocols.len() == 256 {
                vec!["any".to_owned()]
            } else {
                let name = |protocol: u8| {
                    protocol_name(protocol).map_or_else(|| protocol.to_string(), str::to_owned)
                };
                protocols.into_iter().map(name).collect()
            },
            lan: spec.lan,
            on_deny: match spec.on_deny {
                OnDeny::Drop => "drop",
                OnDeny::Reject => "reject",
            },
            lists: applying.map(|(_, list)| list.name.clone()).collect(),
            lockdown: spec.lockdown,
        }
    }
}

const fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

fn join_or_none(values: &[String]) -> String {
    if values.is_empty() {
        "none".to_owned()
    } else {
        values.join(", ")
    }
}
