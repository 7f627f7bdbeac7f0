//! The example is what people start from: it has to be complete, and every word in it true.

use super::*;
use crate::policy::PortSet;
use std::sync::LazyLock;
use std::time::Duration;
use toml::de::DeValue;

/// The example with its examples: those lines that begin with `#` and no space.
static COMPLETE: LazyLock<String> = LazyLock::new(|| {
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(text) if !text.starts_with(' ') => text,
        _ => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
});

#[test]
fn the_example_is_read_without_a_warning() {
    let config = config(&COMPLETE);
    assert_eq!(config.clients.len(), 1);
    assert_eq!(config.lists.len(), 1);
}

#[test]
fn the_example_works_as_it_is_and_denies_nothing_yet() {
    let config = config(EXAMPLE);
    assert_eq!(config.mode, Mode::Observe);
    // A list would be a file that is not there.
    assert_eq!((config.clients.len(), config.lists.len()), (0, 0));
}

/// The keys of a section, from the hint that an unknown key gets.
fn known_keys(header: &str) -> BTreeSet<String> {
    let text = format!("{header}\nzzz = 1\n");
    let said = diagnostics(parse_text(&text).unwrap_err());
    let hints = said.iter().map(ToString::to_string);
    hints
        .filter(|hint| hint.contains("unknown key `zzz`"))
        .find_map(|hint| Some(hint.split_once("known here: ")?.1.to_owned()))
        .unwrap_or_else(|| panic!("{header}: {said:?}"))
        .split(", ")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_example_has_every_key_there_is() {
    let table = DeTable::parse(&COMPLETE).unwrap();
    let keys = |table: &DeTable<'_>| -> BTreeSet<String> {
        table.keys().map(|key| key.get_ref().to_string()).collect()
    };
    assert_eq!(keys(table.get_ref()), known_keys(""));
    let mut compared = 0;
    for (key, value) in table.get_ref() {
        let (header, table) = match value.get_ref() {
            DeValue::Table(table) => (format!("[{}]", key.get_ref()), table),
            DeValue::Array(sections) => (
                format!("[[{}]]", key.get_ref()),
                sections[0].get_ref().as_table().unwrap(),
            ),
            _ => continue,
        };
        let mut known = known_keys(&header);
        if header == "[[client]]" {
            // The example lets its client take the others from [egress], as most clients should.
            assert_eq!(known, &keys(table) | &(&known & &known_keys("[egress]")));
            known = keys(table);
        }
        assert_eq!(keys(table), known, "{header}");
        compared += 1;
    }
    assert_eq!(compared, 10);
}

#[test]
fn what_the_example_does_not_change_is_the_default() {
    let example = config(&COMPLETE);
    let least = config("[egress]\ntcp = []\nudp = []\n");
    // What it does change: ports that have no default, and a list, a client and a destination to show.
    assert_eq!(
        Config {
            egress: RuleSpec {
                tcp: PortSet::none(),
                udp: PortSet::none(),
                lists: 0,
                ..example.egress
            },
            clients: vec![],
            lists: vec![],
            allow: vec![],
            metrics: None,
            events: EventSettings {
                file: None,
                ..example.events
            },
            ..example
        },
        least
    );
}

/// The example after an edit that one of its comments offers.
fn edited(from: &str, to: &str) -> Config {
    assert_eq!(COMPLETE.matches(from).count(), 1, "{from}");
    match parse_text(&COMPLETE.replace(from, to)) {
        Ok(checked) => checked.config,
        Err(error) => panic!("{to}\n{}", rendered(&diagnostics(error))),
    }
}

#[test]
fn what_the_comments_of_the_example_offer_is_accepted() {
    let original = config(&COMPLETE);
    let ports =
        |ranges: &[std::ops::RangeInclusive<u16>]| -> PortSet { ranges.iter().cloned().collect() };
    let tcp = "tcp = [22, 80, 443, \"6000-6010\"]";
    assert_eq!(
        original.egress.tcp,
        ports(&[22..=22, 80..=80, 443..=443, 6000..=6010])
    );
    assert!(edited(tcp, "tcp = \"any\"").egress.tcp.is_any());
    assert!(edited(tcp, "tcp = []").egress.tcp.is_none());

    assert_eq!(
        edited("mode = \"observe\"", "mode = \"enforce\"").mode,
        Mode::Enforce
    );
    let auto = edited("interface = \"tailscale0\"", "interface = \"auto\"");
    assert_eq!(auto.interface, Interface::Auto);
    assert_eq!(
        edited("attach = \"tc\"", "attach = \"xdp\"").attach,
        Attach::Xdp
    );

    let protocols = edited("protocols = []", "protocols = [\"gre\", \"esp\", 41]")
        .egress
        .protocols;
    assert_eq!(protocols.iter().collect::<Vec<_>>(), [41, 47, 50]);
    assert!(COMPLETE.contains("as in [\"gre\", \"esp\", 41], or \"any\""));
    assert_eq!(
        edited("protocols = []", "protocols = \"any\"")
            .egress
            .protocols,
        Protocols::ANY
    );

    let reject = "lists = [\"sample\"]\non_deny = \"reject\"";
    let without = COMPLETE.replacen("on_deny = \"drop\"\n", "", 1);
    let rejecting = config(&without.replace("lists = [\"sample\"]", reject));
    assert_eq!(rejecting.egress.on_deny, OnDeny::Reject);

    let second = "\n[[list]]\nname = \"second\"\nsource = \"second.txt\"\n[allow]";
    assert_eq!(edited("\n[allow]", second).egress.lists, 0b01);
    let all = COMPLETE
        .replace("lists = [\"sample\"]\n", "")
        .replace("\n[allow]", second);
    assert_eq!(config(&all).egress.lists, 0b11);

    assert!(
        edited("lockdown = false", "lockdown = true")
            .egress
            .lockdown
    );
    let observing = edited("action = \"deny\"", "action = \"observe\"");
    assert_eq!(observing.lists[0].action, ListAction::Observe);
    assert_eq!(
        edited("stats = \"5m\"", "stats = \"never\"").events.stats,
        None
    );
    for (text, seconds) in [("1s", 1), ("24h", 86_400)] {
        let update = edited("update = \"60s\"", &format!("update = \"{text}\""))
            .events
            .update;
        assert_eq!(update, Duration::from_secs(seconds));
    }
}

#[test]
fn what_the_comments_of_the_example_state_is_so() {
    let example = config(&COMPLETE);
    let client = &example.clients[0].rule;
    // "What it leaves out is taken from [egress]."
    assert_eq!(
        (&client.tcp, &client.udp),
        (
            &[443..=443].into_iter().collect(),
            &[53..=53].into_iter().collect()
        )
    );
    assert_eq!(
        RuleSpec {
            tcp: example.egress.tcp.clone(),
            udp: example.egress.udp.clone(),
            ..client.clone()
        },
        example.egress
    );
    // "tcp and udp have to be given."
    for key in [
        "tcp = [22, 80, 443, \"6000-6010\"]\n",
        "udp = [53, 123, 443]\n",
    ] {
        let said = diagnostics(parse_text(&COMPLETE.replacen(key, "", 1)).unwrap_err());
        assert!(
            said[0].message().starts_with("[egress] does not say which"),
            "{said:?}"
        );
    }
    // "Everything, unless said otherwise here."
    let without_host = COMPLETE.split_once("[host]").unwrap().0;
    assert_eq!(config(without_host).host, example.host);
}
