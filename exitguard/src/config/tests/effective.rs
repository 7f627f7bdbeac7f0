//! A configuration as a text that a person can check.

use super::*;
use crate::lists::Limits;
use std::fmt::Write;

pub(super) fn effective(config: &Config) -> String {
    let mut text = String::new();
    let Config {
        mode,
        interface,
        attach,
        fail,
        on_exit,
        host,
        egress,
        clients,
        lists,
        allow,
        events,
        flow_table,
        list_cache,
        socket,
        audit,
        changes,
        metrics,
    } = config;
    writeln!(
        text,
        "mode {mode:?}, interface {interface:?}, attach {attach:?}"
    )
    .unwrap();
    if *fail != Fail::Open {
        writeln!(text, "fail {fail:?}").unwrap();
    }
    if *on_exit != OnExit::Keep {
        writeln!(text, "on exit {on_exit:?}").unwrap();
    }
    writeln!(text, "host\n{}", rule(host, lists)).unwrap();
    writeln!(text, "egress\n{}", rule(egress, lists)).unwrap();
    for client in clients {
        let prefixes = join(&client.prefixes);
        writeln!(text, "client \"{}\": {prefixes}", client.name).unwrap();
        writeln!(text, "{}", rule(&client.rule, lists)).unwrap();
    }
    for list in lists {
        let List {
            name,
            source,
            named_at: _,
            format,
            action,
            allow_empty,
            interval,
            limits,
            max_age,
            must_contain,
        } = list;
        writeln!(text, "list \"{name}\": {action:?} {source}").unwrap();
        if *allow_empty {
            writeln!(text, "  may be empty").unwrap();
        }
        if let Some(interval) = interval {
            writeln!(text, "  asked once in {interval:?}").unwrap();
        }
        if let Some(format) = format {
            writeln!(text, "  format {format:?}").unwrap();
        }
        if *limits != Limits::default() {
            writeln!(text, "  {limits:?}").unwrap();
        }
        if let Some(age) = max_age {
            writeln!(text, "  not older than {age:?}").unwrap();
        }
        if !must_contain.is_empty() {
            writeln!(text, "  contains {}", join(must_contain)).unwrap();
        }
    }
    writeln!(text, "allow {}", join(allow)).unwrap();
    let EventSettings {
        update,
        stats,
        file,
    } = events;
    writeln!(text, "events: update {update:?}, stats {stats:?}").unwrap();
    if let Some(file) = file {
        writeln!(text, "  in {}", file.display()).unwrap();
    }
    writeln!(text, "flow table {flow_table}").unwrap();
    if list_cache != Path::new("/var/lib/exitguard/lists") {
        writeln!(text, "downloads in {}", list_cache.display()).unwrap();
    }
    if socket != Path::new("/run/exitguard/exitguard.sock") {
        writeln!(text, "answers at {}", socket.display()).unwrap();
    }
    if audit != Path::new("/var/log/exitguard/audit.jsonl") {
        writeln!(text, "changes are in {}", audit.display()).unwrap();
    }
    if changes != Path::new("/var/lib/exitguard/changes.json") {
        writeln!(text, "keeps what is changed in {}", changes.display()).unwrap();
    }
    if let Some(metrics) = metrics {
        writeln!(text, "metrics at {metrics:?}").unwrap();
    }
    text
}

fn rule(spec: &RuleSpec, lists: &[List]) -> String {
    let RuleSpec {
        tcp,
        udp,
        sctp,
        icmp,
        protocols,
        lan,
        on_deny,
        lists: bits,
        lockdown,
    } = spec;
    let protocols = match protocols {
        any if *any == Protocols::ANY => "any".to_owned(),
        some => join(&some.iter().collect::<Vec<_>>()),
    };
    let applying: Vec<_> = lists
        .iter()
        .enumerate()
        .filter(|(bit, _)| bits >> bit & 1 != 0)
        .map(|(_, list)| &list.name)
        .collect();
    format!(
        "  tcp {tcp}; udp {udp}; sctp {sctp}; icmp {icmp}; protocols {protocols}\n  \
         lan {lan}; on deny {on_deny:?}; lists {} ({bits:#x}); lockdown {lockdown}",
        join(&applying)
    )
}

fn join<T: ToString>(all: &[T]) -> String {
    let all: Vec<_> = all.iter().map(ToString::to_string).collect();
    match all.is_empty() {
        true => "none".to_owned(),
        false => all.join(", "),
    }
}
