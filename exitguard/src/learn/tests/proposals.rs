//! What is proposed, and that it does what it says.

use super::*;
use crate::config::{self, Config};
use crate::diagnostic::SourceFile;
use crate::explain::{Destination, explain};
use crate::learn::rule::{Seen, Service};
use crate::policy::{Network, compile};
use exitguard_common::abi::Verdict;
use proptest::prelude::*;
use std::net::IpAddr;

fn proposed(observed: &Observed) -> String {
    Proposal::new(observed, false).toml()
}

fn config_of(text: &str) -> Config {
    let file = SourceFile::new("proposed.toml", text);
    match config::parse(&file) {
        Ok(checked) => {
            assert_eq!(checked.warnings, [], "{text}");
            checked.config
        }
        Err(error) => panic!("{error:?}:\n{text}"),
    }
}

fn named(name: &str, row: ObservedRow) -> ObservedRow {
    ObservedRow {
        client_name: Some(name.to_owned()),
        ..row
    }
}

fn seldom(row: ObservedRow, flows: u64, answered: u64) -> ObservedRow {
    ObservedRow {
        flows,
        answered,
        ..row
    }
}

fn stopped(row: ObservedRow, reason: &str, to: &[(&str, u64)], others: u64) -> ObservedRow {
    let destinations = to.iter().map(|(address, flows)| ObservedDestination {
        address: address.parse().unwrap(),
        list: (reason == "blocklist").then(|| "bad".to_owned()),
        flows: *flows,
        last: at(19),
    });
    let flows = to.iter().map(|(_, flows)| flows).sum::<u64>() + others;
    ObservedRow {
        reason: reason.to_owned(),
        flows,
        // Who only observes lets it pass.
        answered: flows,
        destinations: destinations.collect(),
        others,
        ..row
    }
}

/// Everything that can be in an answer.
fn week() -> Observed {
    let [web, mail, other] = ["100.64.0.9", "100.64.0.25", "fd7a:115c:a1e0::7"];
    let mut rows = vec![
        row(mail, 6, Some(443)),
        row(other, 6, Some(443)),
        row(mail, 6, Some(80)),
        row(other, 6, Some(80)),
        // Of one client only.
        row(mail, 6, Some(25)),
        row(mail, 17, Some(53)),
        row(other, 17, Some(53)),
        row(mail, 1, None),
        row(other, 58, None),
        row(other, 47, None),
        row(other, 253, None),
        row(other, 132, Some(5_060)),
        // Seldom, or without an answer.
        seldom(row(other, 6, Some(8_443)), 1, 1),
        seldom(row(other, 6, Some(8_444)), 1, 1),
        seldom(row(mail, 6, Some(9_000)), 2, 2),
        seldom(row(other, 17, Some(514)), 500, 0),
        // No use.
        stopped(row(mail, 6, Some(22)), "lan", &[("192.168.1.20", 12)], 0),
        stopped(row(other, 6, Some(22)), "lan", &[("192.168.1.20", 1)], 3),
        stopped(
            row(mail, 6, Some(443)),
            "blocklist",
            &[("203.0.113.66", 3)],
            0,
        ),
        stopped(row(other, 6, Some(4_444)), "blocklist", &[], 2),
        stopped(row(other, 6, Some(4_444)), "lockdown", &[], 4),
        row(mail, 6, Some(0)),
        // With a rule of its own.
        named("web1", row(web, 6, Some(443))),
        named("web1", seldom(row(web, 6, Some(5_432)), 2, 2)),
    ];
    for port in 6_000..=6_010 {
        rows.extend([row(mail, 17, Some(port)), row(other, 17, Some(port))]);
    }
    let web1 = ObservedClient {
        name: "web1".to_owned(),
        prefixes: vec![
            "100.64.0.9/32".parse().unwrap(),
            "100.64.1.0/24".parse().unwrap(),
        ],
    };
    Observed {
        clients: vec![web1],
        ..observed(rows)
    }
}

#[test]
fn a_week_becomes_a_configuration() {
    let text = proposed(&week());
    insta::assert_snapshot!(text);
    let config = config_of(&text);
    assert_eq!(config.egress.tcp.to_string(), "80, 443");
    let names: Vec<_> = config.clients.iter().map(|client| &client.name).collect();
    assert_eq!(
        names,
        ["web1", "client-100-64-0-25", "client-fd7a-115c-a1e0--7"]
    );
}

#[test]
fn nothing_on_a_list_or_in_a_private_network_is_permitted() {
    let config = config_of(&proposed(&week()));
    assert_eq!(config.allow, []);
    assert!(!config.egress.lan);
    let clients = config.clients.iter();
    assert!(clients.clone().all(|client| !client.rule.lan));
    for port in [22, 4_444] {
        assert!(!config.egress.tcp.contains(port), "{port}");
        assert!(
            clients
                .clone()
                .all(|client| !client.rule.tcp.contains(port))
        );
    }
}

#[test]
fn a_client_that_is_alone_is_the_one_that_egress_is_for() {
    let observed = observed(vec![
        row("100.64.0.9", 6, Some(443)),
        row("100.64.0.9", 6, Some(444)),
        row("100.64.0.9", 6, Some(446)),
    ]);
    let text = proposed(&observed);
    insta::assert_snapshot!(text);
    let config = config_of(&text);
    assert_eq!(config.egress.tcp.to_string(), "443-444, 446");
    assert_eq!(config.clients, []);
}

#[test]
fn a_client_that_is_asked_for_gets_a_rule_of_its_own() {
    let mut observed = week();
    let select = Select {
        client: Some("100.64.0.25".to_owned()),
        since: None,
    };
    select.apply(&mut observed);
    let text = Proposal::new(&observed, true).toml();
    insta::assert_snapshot!(text);
    let config = config_of(&format!("[egress]\ntcp = []\nudp = []\n{text}"));
    assert_eq!(config.clients[0].rule.tcp.to_string(), "25, 80, 443");
}

#[test]
fn what_is_wanted_is_selected_by_client_and_time() {
    let ports = |select: Select| {
        let mut observed = week();
        observed.rows[0].last = at(3_600);
        select.apply(&mut observed);
        let rows = observed.rows.iter();
        (
            rows.map(|row| row.port).collect::<Vec<_>>(),
            observed.clients.len(),
            observed.since,
        )
    };
    let of = |client: &str| Select {
        client: Some(client.to_owned()),
        since: None,
    };
    let web1 = (vec![Some(443), Some(5_432)], 1, at(0));
    assert_eq!(ports(of("web1")), web1);
    assert_eq!(ports(of("100.64.0.9")), web1);
    assert_eq!(ports(of("100.64.0.8/30")), web1);
    assert_eq!(ports(of("web")), (vec![], 0, at(0)));
    let recent = Select {
        client: None,
        since: Some(at(20)),
    };
    assert_eq!(ports(recent), (vec![Some(443)], 0, at(20)));
}

#[test]
fn many_rare_ports_are_counted_and_many_ports_are_asked_about() {
    let rows = |flows| {
        let ports =
            (1..=300).map(|port| seldom(row("100.64.0.9", 6, Some(port * 2)), flows, flows));
        observed(ports.collect())
    };
    let rare = proposed(&rows(1));
    assert_eq!(rare.matches("seen once").count(), 50, "{rare}");
    assert!(rare.contains("    # and more that were seldom seen: 250 flows of 100.64.0.9"));
    assert!(config_of(&rare).egress.tcp.is_none());
    let many = proposed(&rows(9));
    assert!(many.contains("do you mean tcp = \"any\"?"), "{many}");
    config_of(&many);
}

/// A name may be anything that a configuration permits, and is never more than a name.
#[test]
fn names_stay_names() {
    for name in ["a \"b\" \\ c", "x\u{202e}y", "[egress] # ]", "ä'"] {
        let mut observed = observed(vec![named(name, row("100.64.0.9", 6, Some(443)))]);
        observed.clients.push(ObservedClient {
            name: name.to_owned(),
            prefixes: vec!["100.64.0.9/32".parse().unwrap()],
        });
        let text = proposed(&observed);
        assert_eq!(config_of(&text).clients[0].name, name, "{text}");
        let comments = text.lines().filter_map(|line| line.split_once("  # "));
        assert!(
            comments
                .into_iter()
                .all(|(_, told)| !told.contains('\u{202e}'))
        );
    }
}

fn rows() -> impl Strategy<Value = Vec<ObservedRow>> {
    let clients = [
        "100.64.0.9",
        "100.64.0.10",
        "100.64.3.4",
        "fd7a:115c:a1e0::9",
    ];
    let protocol = prop::sample::select(vec![1u8, 6, 17, 47, 58, 132, 200]);
    let reason = prop::sample::select(vec!["port", "port", "port", "lan", "blocklist", "runtime"]);
    let one = (
        prop::sample::select(clients.to_vec()),
        protocol,
        0u16..12,
        0u64..6,
        0u64..3,
        reason,
    );
    let one = one.prop_map(|(client, protocol, port, flows, answered, reason)| {
        let has_ports = matches!(protocol, 6 | 17 | 132);
        let row = row(client, protocol, has_ports.then_some(port));
        let row = match reason {
            "port" => seldom(row, flows, answered.min(flows)),
            reason => stopped(row, reason, &[("203.0.113.66", flows)], answered),
        };
        match client {
            "100.64.0.10" => named("ten \"10\"", row),
            _ => row,
        }
    });
    prop::collection::vec(one, 0..60)
}

/// The services that a proposal permits, with who was seen to use them.
fn permitted(proposal: &Proposal, rows: &[ObservedRow]) -> Vec<(IpAddr, Service)> {
    let egress = proposal.egress.iter();
    let clients = proposal.clients.iter().map(|client| &client.rule);
    let all: Vec<_> = egress
        .chain(clients)
        .flat_map(|rule| rule.permitted.iter())
        .collect();
    let uses = rows
        .iter()
        .filter(|row| !matches!(row.reason.as_str(), "lan" | "blocklist" | "runtime"));
    uses.filter_map(|row| {
        let service = Service::of(row)?;
        let name = row
            .client_name
            .clone()
            .unwrap_or_else(|| row.client.to_string());
        let is_listed = |(known, seen): &&(&Service, &_)| {
            let seen: &Seen = seen;
            **known == service && seen.clients.contains(&name)
        };
        all.iter()
            .any(|listed| is_listed(&listed))
            .then_some((row.client, service))
    })
    .collect()
}

proptest! {
    // Each puts a policy together, which takes its time.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_proposed_is_valid_and_permits_what_it_lists(rows in rows()) {
        let mut observed = observed(rows);
        observed.clients.push(ObservedClient {
            name: "ten \"10\"".to_owned(),
            prefixes: vec!["100.64.0.10/32".parse().unwrap()],
        });
        let proposal = Proposal::new(&observed, false);
        let text = proposal.toml();
        let config = config_of(&format!("mode = \"enforce\"\n{text}"));
        let (policy, labels) = compile(&config, vec![], &Network::default()).unwrap();
        for (client, service) in permitted(&proposal, &observed.rows) {
            let (protocol, port) = match service {
                Service::Tcp(port) => (6, Some(port)),
                Service::Udp(port) => (17, Some(port)),
                Service::Sctp(port) => (132, Some(port)),
                Service::Icmp if client.is_ipv4() => (1, None),
                Service::Icmp => (58, None),
                Service::Protocol(number) => (number, None),
            };
            let remote = if client.is_ipv4() { "203.0.113.7" } else { "2001:db8::7" };
            let destination = Destination { addr: remote.parse().unwrap(), port, protocol };
            let told = explain(&policy, &labels, client, &destination);
            prop_assert_eq!(told.decision.verdict, Verdict::Allow, "{} {:?}:\n{}", client, service, text);
        }
    }
}
