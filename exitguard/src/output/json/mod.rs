//! JSON lines: a superset of Suricata's EVE format. Taken without its `exitguard` object, every line is an EVE
//! event, so that what reads those reads these.

mod schema;

use super::flow_report::FlowReport;
use super::report::{ListReport, LostReport, Report, StateReport, StatsReport};
use crate::config::protocol_name;
use crate::state::RecordKind;
use exitguard_common::abi::{DirectionStats, Reason};
use exitguard_common::packet::{ParseError, protocol, tcp_flags};
use jiff::Timestamp;
use schema::Verdict;
use schema::{
    Client, Drop, Event, Flow, FlowDetail, List, Lost, Ours, State, Stats, StatsDetail, TcpFlags,
    Traffic,
};

/// Version of what is in the `exitguard` object. Changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// Renders a report as one line, without its end.
pub fn render(report: &Report) -> String {
    let event = match report {
        Report::Flow(report) => flow(report),
        Report::Stats(report) => stats(report),
        Report::State(report) => state(report),
        Report::List(report) => list(report),
        Report::Lost(report) => lost(report),
    };
    // Strings, numbers and booleans under fixed names: there is nothing that could fail.
    serde_json::to_string(&event).unwrap_or_default()
}

/// As EVE writes times: microseconds, and an offset without a colon.
fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6f+0000").to_string()
}

fn flow(report: &FlowReport) -> Event<'_> {
    let is_denial = matches!(report.kind, RecordKind::Deny { .. });
    let event_type = if is_denial { "drop" } else { "flow" };
    let mut event = Event::new(
        time(report.time),
        event_type,
        &report.interface,
        Ours::Flow(detail(report)),
    );
    event.flow_id = Some(report.flow_id);
    if let (Some(source), Some(destination)) = (report.source, report.destination) {
        event.community_id = community_id(report);
        event.src_ip = Some(source);
        event.src_port = report.source_port;
        event.dest_ip = Some(destination);
        event.dest_port = report.destination_port;
        event.proto = Some(protocol_label(report.protocol));
        event.ip_v = Some(if source.is_ipv4() { 4 } else { 6 });
        event.icmp_type = report.icmp.map(|(kind, _)| kind);
        event.icmp_code = report.icmp.map(|(_, code)| code);
    }
    event.flow = Some(flow_object(report));
    event.verdict = Some(Verdict {
        action: report.action(),
    });
    event.drop = report.denied_packet().map(|packet| Drop {
        len: packet.bytes,
        reason: report.decision.reason.name(),
        flags: (report.protocol == protocol::TCP).then_some(TcpFlags {
            syn: packet.tcp_flags & tcp_flags::SYN != 0,
            ack: packet.tcp_flags & tcp_flags::ACK != 0,
            psh: packet.tcp_flags & tcp_flags::PSH != 0,
            rst: packet.tcp_flags & tcp_flags::RST != 0,
            urg: packet.tcp_flags & tcp_flags::URG != 0,
            fin: packet.tcp_flags & tcp_flags::FIN != 0,
        }),
    });
    event
}

fn flow_object(report: &FlowReport) -> Flow {
    let reason = match report.kind {
        RecordKind::End(reason) => Some(reason.name()),
        _ => None,
    };
    Flow {
        pkts_toserver: report.to_server.pkts,
        pkts_toclient: report.to_client.pkts,
        bytes_toserver: report.to_server.bytes,
        bytes_toclient: report.to_client.bytes,
        start: time(report.start),
        end: reason.map(|_| time(report.last)),
        age: u64::try_from(report.last.duration_since(report.start).as_secs()).unwrap_or_default(),
        state: report.state().name(),
        reason,
    }
}

fn detail(report: &FlowReport) -> FlowDetail<'_> {
    let (parse_error, inbound) = match report.kind {
        RecordKind::Deny {
            parse_error,
            inbound,
            ..
        } => (parse_error, inbound),
        _ => (None, false),
    };
    FlowDetail {
        v: VERSION,
        event: report.event_name(),
        decision: report.decision_name(),
        reason: report.decision.reason.name(),
        malformed: parse_error.map(ParseError::name),
        inbound: inbound.then_some(true),
        list: report.list.as_deref(),
        entry: report.entry.as_deref(),
        rule: &report.rule,
        client: report.source.map(|_| Client {
            ip: report.client,
            name: report.client_name.as_deref(),
        }),
        denied_pkts: Some(report.denied_pkts).filter(|pkts| *pkts > 0),
        generation: report.generation,
    }
}

fn stats(report: &StatsReport) -> Event<'_> {
    let kernel = &report.kernel;
    let reasons = |counters: &[u64]| {
        let named = Reason::ALL.into_iter().zip(counters.iter().copied());
        named
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| (reason.name(), count))
            .collect()
    };
    let malformed = ParseError::ALL
        .into_iter()
        .filter_map(|error| Some((error.name(), *kernel.malformed_pkts.get(error as usize)?)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let ours = Ours::Stats(Box::new(StatsDetail {
        v: VERSION,
        event: "stats",
        generation: report.generation,
        flows: report.flows,
        outbound: traffic(&kernel.outbound),
        inbound: traffic(&kernel.inbound),
        denied_pkts: reasons(&kernel.denied_pkts),
        would_deny_pkts: reasons(&kernel.would_deny_pkts),
        malformed_pkts: malformed,
        list_hits: report
            .list_hits
            .iter()
            .map(|(list, hits)| (list.as_str(), *hits))
            .collect(),
        replies_sent: kernel.replies_sent,
        replies_withheld: kernel.replies_withheld,
        flows_untracked: kernel.flows_untracked,
        lost_kernel: kernel.events_lost,
        lost_output: report.reports_lost,
    }));
    let mut event = Event::new(time(report.time), "stats", &report.interface, ours);
    event.stats = Some(Stats {
        uptime: report.uptime.as_secs(),
    });
    event
}

const fn traffic(stats: &DirectionStats) -> Traffic {
    Traffic {
        pkts: stats.passed.pkts,
        bytes: stats.passed.bytes,
        denied_pkts: stats.denied.pkts,
        denied_bytes: stats.denied.bytes,
    }
}

fn state(report: &StateReport) -> Event<'_> {
    let ours = Ours::State(State {
        v: VERSION,
        event: report.event.name(),
        mode: report.mode,
        generation: report.generation,
        message: &report.message,
    });
    Event::new(time(report.time), "state", &report.interface, ours)
}

fn list(report: &ListReport) -> Event<'_> {
    let ours = Ours::List(List {
        v: VERSION,
        event: "list",
        list: &report.list,
        state: report.standing.name(),
        why: report.why.as_deref(),
        entries: report.entries,
        age: report.age,
    });
    Event::new(time(report.time), "lists", &report.interface, ours)
}

fn lost(report: &LostReport) -> Event<'_> {
    let ours = Ours::Lost(Lost {
        v: VERSION,
        event: "lost",
        kernel: report.kernel,
        output: report.output,
        file: Some(report.file).filter(|lost| *lost > 0),
    });
    Event::new(time(report.time), "lost", &report.interface, ours)
}

/// As Suricata names protocols.
fn protocol_label(number: u8) -> String {
    match number {
        protocol::ICMPV6 => "IPv6-ICMP".to_owned(),
        _ => protocol_name(number).map_or_else(|| number.to_string(), str::to_ascii_uppercase),
    }
}

/// Community ID v1, as Zeek, Suricata and others compute it for the same flow.
fn community_id(report: &FlowReport) -> Option<String> {
    let ports = match report.icmp {
        Some((kind, code)) => Some((u16::from(kind), u16::from(code))),
        None => report.source_port.zip(report.destination_port),
    };
    community_id::calculate_community_id(
        0,
        report.source?,
        report.destination?,
        ports.map(|(source, _)| source),
        ports.map(|(_, destination)| destination),
        report.protocol,
        false,
    )
    .ok()
}
