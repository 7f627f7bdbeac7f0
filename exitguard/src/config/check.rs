//! The file as a whole: every section is read, every problem collected.

use super::clients::{prefixes, read_clients};
use super::listen::read_metrics;
use super::lists::{read_cache, read_lists};
use super::model::{Attach, Config, EventSettings, Fail, Interface, Mode, OnExit, RuleSpec};
use super::report::{Problem, Report};
use super::rule::{Surroundings, client_rule, host_rule};
use super::section::{Section, TOP};
use super::value::Value;
use super::values;
use crate::audit;
use crate::changes;
use crate::control::DEFAULT_SOCKET;
use ipnet::IpNet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DEFAULT_INTERFACE: &str = "tailscale0";
const DEFAULT_UPDATE: Duration = Duration::from_secs(60);
const DEFAULT_STATS: Duration = Duration::from_secs(300);
const DEFAULT_FLOWS: u32 = 131_072;
/// Where events would go in the example.
const EVENT_FILE: &str = "/var/log/exitguard/events.jsonl";
const FLOWS: RangeInclusive<u32> = 1_024..=16_777_216;

/// Reads the file. What is wrong is in the report, and something plausible in the result.
pub(super) fn file(mut top: Section<'_>, report: &mut Report<'_>) -> Config {
    let [mode, interface, attach, fail, on_exit] = TOP.map(|key| top.get(key));
    let mode = mode
        .and_then(|value| report.read(&value, read_mode))
        .unwrap_or(Mode::Observe);
    let interface = interface
        .and_then(|value| report.read(&value, |value| values::parse_interface(value.string()?)))
        .unwrap_or_else(|| Interface::Named(DEFAULT_INTERFACE.to_owned()));
    let attach = attach
        .and_then(|value| report.read(&value, read_attach))
        .unwrap_or(Attach::Tc);
    let fail = fail
        .and_then(|value| report.read(&value, |value| read_fail(value, &interface, attach)))
        .unwrap_or(Fail::Open);
    let on_exit = on_exit
        .and_then(|value| report.read(&value, |value| read_on_exit(value, fail)))
        .unwrap_or(OnExit::Keep);

    let egress = top.section("egress", report);
    let clients = top.sections("client", report);
    let lists = top.sections("list", report);
    let downloads = top.section("lists", report);
    let allow = top.section("allow", report);
    let host = top.section("host", report);
    let events = top.section("events", report);
    let limits = top.section("limits", report);
    let control = top.section("control", report);
    let metrics = top.section("metrics", report);
    top.finish(report);

    let lists = read_lists(lists, report);
    let surroundings = Surroundings {
        lists: &lists,
        mode,
        attach,
    };
    let egress = read_egress(egress, &surroundings, report);
    let Control {
        socket,
        audit,
        changes,
    } = read_control(control, report);
    let metrics = read_metrics(metrics, &socket, report);
    Config {
        mode,
        interface,
        attach,
        fail,
        on_exit,
        host: read_host(host, &surroundings, report),
        clients: read_clients(clients, &egress, &surroundings, report),
        egress,
        allow: read_allow(allow, report),
        events: read_events(events, report),
        flow_table: read_limits(limits, report),
        list_cache: read_cache(downloads, report),
        socket,
        audit,
        changes,
        metrics,
        lists,
    }
}

fn read_mode(value: &Value<'_>) -> Result<Mode, Problem> {
    value.choice([("observe", Mode::Observe), ("enforce", Mode::Enforce)])
}

fn read_attach(value: &Value<'_>) -> Result<Attach, Problem> {
    value.choice([("tc", Attach::Tc), ("xdp", Attach::Xdp)])
}

/// A gate is a rule for an interface of a name, and wants a mark, which XDP cannot give.
fn read_fail(value: &Value<'_>, interface: &Interface, attach: Attach) -> Result<Fail, Problem> {
    let fail = value.choice([("open", Fail::Open), ("closed", Fail::Closed)])?;
    let only = |what: &str, hint: &str| {
        let message = format!("`fail = \"closed\"` is not possible with `{what}`");
        Err(Problem::new(message, hint))
    };
    match (fail, interface, attach) {
        (Fail::Open, _, _) => Ok(fail),
        (Fail::Closed, Interface::Auto, _) => only(
            "interface = \"auto\"",
            "name the interface: it has to be guarded before it is there",
        ),
        (Fail::Closed, _, Attach::Xdp) => only(
            "attach = \"xdp\"",
            "use attach = \"tc\": XDP cannot mark what passes",
        ),
        (Fail::Closed, Interface::Named(_), Attach::Tc) => Ok(fail),
    }
}

fn read_on_exit(value: &Value<'_>, fail: Fail) -> Result<OnExit, Problem> {
    let on_exit = value.choice([("keep", OnExit::Keep), ("open", OnExit::Open)])?;
    if (fail, on_exit) == (Fail::Closed, OnExit::Open) {
        let message = "`on_exit = \"open\"` contradicts `fail = \"closed\"`";
        let hint = "what fails closed stays closed when it ends: leave one of them out";
        return Err(Problem::new(message, hint));
    }
    Ok(on_exit)
}

fn read_egress(
    mut section: Section<'_>,
    surroundings: &Surroundings<'_>,
    report: &mut Report<'_>,
) -> RuleSpec {
    if !section.is_written() {
        let hint = "add one that says what clients may send, as in `tcp = [80, 443]` and `udp = [53, 443]`";
        let problem = Problem::new("there is no [egress] section", hint);
        report.error(section.span(), problem);
    }
    for key in ["tcp", "udp"] {
        if section.lacks(key) {
            let message = format!("[egress] does not say which {key} ports clients may use");
            let hint = format!("add `{key} = [...]`; [] is none, \"any\" is every port");
            report.error(section.span(), Problem::new(message, hint));
        }
    }
    let base = RuleSpec::nothing_but_ping(surroundings.lists);
    let rule = client_rule(&mut section, &base, surroundings, report);
    section.finish(report);
    rule
}

fn read_host(
    mut section: Section<'_>,
    surroundings: &Surroundings<'_>,
    report: &mut Report<'_>,
) -> RuleSpec {
    let rule = host_rule(&mut section, &RuleSpec::everything(), surroundings, report);
    section.finish(report);
    rule
}

fn read_allow(mut section: Section<'_>, report: &mut Report<'_>) -> Vec<IpNet> {
    let destinations = section.get("destinations");
    section.finish(report);
    destinations.map_or_else(Vec::new, |value| prefixes(&value, report))
}

fn read_events(mut section: Section<'_>, report: &mut Report<'_>) -> EventSettings {
    let update = section
        .get("update")
        .and_then(|value| report.read(&value, duration))
        .unwrap_or(DEFAULT_UPDATE);
    let stats = match section.get("stats") {
        Some(value) if value.as_str() == Some("never") => None,
        Some(value) => report.read(&value, |value| {
            duration(value).map_err(|problem| Problem {
                hint: format!("{}; or \"never\"", problem.hint),
                ..problem
            })
        }),
        None => Some(DEFAULT_STATS),
    };
    let folder = folder(report);
    let file = section
        .get("file")
        .and_then(|value| report.read(&value, |value| read_file(value, &folder, EVENT_FILE)));
    section.finish(report);
    EventSettings {
        update,
        stats,
        file,
    }
}

/// Longest path of a socket, without the byte that ends it: `sun_path` of unix(7).
pub(super) const SOCKET_PATH: usize = 107;

/// `[control]`.
struct Control {
    socket: PathBuf,
    audit: PathBuf,
    changes: PathBuf,
}

fn read_control(mut section: Section<'_>, report: &mut Report<'_>) -> Control {
    let folder = folder(report);
    let socket = section
        .get("socket")
        .and_then(|value| report.read(&value, |value| read_socket(value, &folder)));
    let audit = section.get("audit").and_then(|value| {
        report.read(&value, |value| {
            read_file(value, &folder, audit::DEFAULT_PATH)
        })
    });
    let changes = section.get("changes").and_then(|value| {
        report.read(&value, |value| {
            read_file(value, &folder, changes::DEFAULT_PATH)
        })
    });
    section.finish(report);
    Control {
        socket: socket.unwrap_or_else(|| PathBuf::from(DEFAULT_SOCKET)),
        audit: audit.unwrap_or_else(|| PathBuf::from(audit::DEFAULT_PATH)),
        changes: changes.unwrap_or_else(|| PathBuf::from(changes::DEFAULT_PATH)),
    }
}

fn read_socket(value: &Value<'_>, folder: &Path) -> Result<PathBuf, Problem> {
    let path = folder.join(value.string()?);
    let hint =
        format!("name a path of at most {SOCKET_PATH} bytes, as in socket = \"{DEFAULT_SOCKET}\"");
    if path == folder {
        return Err(value.has_to_be("the path of a socket", hint));
    }
    match path.as_os_str().len() {
        ..=SOCKET_PATH => Ok(path),
        length => {
            let message = format!("a socket cannot have a path of {length} bytes");
            Err(Problem::new(message, hint))
        }
    }
}

/// That of the configuration: paths in it are relative to it.
pub(super) fn folder(report: &Report<'_>) -> PathBuf {
    let folder = report.file().path().parent();
    folder.unwrap_or(Path::new("")).to_owned()
}

/// A file that is written.
fn read_file(value: &Value<'_>, folder: &Path, example: &str) -> Result<PathBuf, Problem> {
    let text = value.string()?;
    if text.is_empty() || text.ends_with('/') {
        let hint = format!("name a file, as in {} = \"{example}\"", value.key());
        return Err(value.has_to_be("the path of a file", hint));
    }
    Ok(folder.join(text))
}

fn duration(value: &Value<'_>) -> Result<Duration, Problem> {
    match value.as_str() {
        Some(text) => values::parse_duration(text),
        // Quotes alone would not help: a bare number has no unit.
        None => Err(value.has_to_be("a duration", values::DURATION_HINT)),
    }
}

fn read_limits(mut section: Section<'_>, report: &mut Report<'_>) -> u32 {
    let flows = section.get("flows").and_then(|value| {
        report.read(&value, |value| {
            let flows = u32::try_from(value.integer()?).ok();
            flows.filter(|flows| FLOWS.contains(flows)).ok_or_else(|| {
                let message = format!("a flow table for {} flows is not possible", value.source());
                let (least, most) = (FLOWS.start(), FLOWS.end());
                let hint = format!(
                    "choose {least} to {most}; each flow takes about 180 bytes of kernel memory"
                );
                Problem::new(message, hint)
            })
        })
    });
    section.finish(report);
    flows.unwrap_or(DEFAULT_FLOWS)
}
