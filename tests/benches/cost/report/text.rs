//! The tables.

use super::Report;
use super::table::Table;
use crate::forwarding::{Filter, Forwarding, Kind as Traffic};
use crate::loading::Loading;
use crate::programs::{Cost, Family};
use crate::throughput::Throughput;

/// Nothing to say.
const NONE: &str = "-";

pub(super) fn of(report: &Report) -> String {
    let mut parts = vec![heading(report)];
    if !report.programs.is_empty() {
        parts.push(programs(&report.programs, report.list.prefixes));
    }
    parts.extend(report.loading.as_ref().map(loading));
    parts.extend(report.forwarding.iter().map(forwarding));
    parts.extend(report.throughput.as_ref().map(throughput));
    parts.push(budgets(report));
    parts.join("\n")
}

fn heading(report: &Report) -> String {
    let machine = &report.machine;
    let list = &report.list;
    let quick = if report.quick {
        "A quick run: it shows that everything runs, not what it costs.\n"
    } else {
        ""
    };
    format!(
        "exitguard {} on Linux {}, {} CPUs ({})\nThe list has {} prefixes: {};\n\
         {} and {} address ranges with everything else in the policy.\n{quick}",
        machine.exitguard,
        machine.kernel,
        machine.cpus,
        machine.cpu,
        thousands(list.prefixes),
        list.mix.replacen("), ", "),\n", 1),
        thousands(list.ranges_v4),
        thousands(list.ranges_v6),
    )
}

fn programs(costs: &[Cost], listed: usize) -> String {
    let long = prefixes(listed).replace(" prefixes", "");
    let heading = [
        "hook", "packet", "IPv4", "IPv6", "IPv4", "IPv6", "budget", "",
    ];
    let mut table = Table::new(2, heading);
    table.row(["", "", "no list", "no list", &long, &long, "", ""].map(str::to_owned));
    let mut rows: Vec<(&str, _)> = Vec::new();
    for cost in costs {
        if !rows.contains(&(cost.hook, cost.packet)) {
            rows.push((cost.hook, cost.packet));
        }
    }
    for (hook, packet) in rows {
        let of_row = |cost: &&Cost| cost.hook == hook && cost.packet == packet;
        let cell = |prefixes, family| {
            let found = costs
                .iter()
                .filter(of_row)
                .find(|cost| cost.prefixes == prefixes && cost.family == family);
            found.map_or(NONE.to_owned(), |cost| match cost.overhead_ns {
                Some(_) => format!("{:.0} ({:.0})", cost.net_ns, cost.raw_ns.median),
                None => format!("{:.0}", cost.net_ns),
            })
        };
        let budget = costs.iter().filter(of_row).find_map(|cost| cost.budget_ns);
        let verdicts: Vec<bool> = costs
            .iter()
            .filter(of_row)
            .filter_map(|cost| cost.met)
            .collect();
        table.row([
            hook.to_owned(),
            packet.name().to_owned(),
            cell(0, Family::V4),
            cell(0, Family::V6),
            cell(listed, Family::V4),
            cell(listed, Family::V6),
            budget.map_or(NONE.to_owned(), |budget| format!("≤ {budget:.0}")),
            verdict(budget.map(|_| verdicts.iter().all(|met| *met))),
        ]);
    }
    let overhead = |hook| {
        let found = costs.iter().filter(|cost| cost.hook == hook);
        found
            .filter_map(|cost| cost.overhead_ns)
            .next()
            .unwrap_or_default()
    };
    format!(
        "PACKETS THROUGH THE PROGRAMS (BPF_PROG_TEST_RUN), median ns a packet\n{table}\
         \x20 One packet again and again, or (warm, cold) each packet once: in brackets as measured, before\n\
         \x20 them less what a single run costs beyond one among many (TC {:.0}, XDP {:.0}). A new flow costs\n\
         \x20 an entry in the flow table and an event.\n",
        overhead("TC"),
        overhead("XDP"),
    )
}

fn loading(loading: &Loading) -> String {
    let mut table = Table::new(
        1,
        [
            "list", "text", "parse", "compile", "enforce", "total", "(min)", "budget", "",
            "tables", "state",
        ],
    );
    for start in &loading.starts {
        table.row([
            prefixes(start.prefixes),
            mib(start.list_bytes as u64),
            format!("{:.1}", start.parse_ms.median),
            format!("{:.1}", start.compile_ms.median),
            format!("{:.1}", start.enforce_ms.median),
            format!("{:.1}", start.total_ms.median),
            format!("({:.1})", start.total_ms.min),
            start
                .budget_ms
                .map_or(NONE.to_owned(), |budget| format!("≤ {budget:.0}")),
            verdict(start.met),
            mib(start.tables_bytes),
            mib(start.state_bytes),
        ]);
    }
    format!(
        "FROM TEXT INTO FORCE ON A TUN, median ms; kernel memory of tables and state\n{table}\
         \x20 After each start a packet that is not allowed is sent, and has to be denied.\n"
    )
}

fn forwarding(forwarding: &Forwarding) -> String {
    let mut text = format!(
        "FORWARDING FROM THE TUN TO THE INTERNET, the exit node {}, {} rounds\n",
        if forwarding.masquerade {
            "masquerades"
        } else {
            "does not masquerade"
        },
        thousands(forwarding.rounds),
    );
    for kind in Traffic::ALL {
        let mut table = Table::new(
            1,
            [
                kind.name(),
                "ns",
                "of none",
                "≤ 1.05",
                "added",
                "nftables adds",
                "≥ 4x",
            ],
        );
        for row in forwarding.rows.iter().filter(|row| row.traffic == kind) {
            let comparison = forwarding
                .comparisons
                .iter()
                .find(|comparison| comparison.traffic == kind && comparison.filter == row.filter);
            let is_none = row.filter == Filter::None;
            table.row([
                row.filter.name(),
                format!("{:.0}", row.ns.median),
                if is_none {
                    NONE.to_owned()
                } else {
                    format!("{:.3}", row.ratio)
                },
                verdict(row.met),
                if is_none {
                    NONE.to_owned()
                } else {
                    format!("{:.0}", row.added_ns)
                },
                comparison.map_or(NONE.to_owned(), |comparison| match comparison.times {
                    Some(times) => format!("{times:.1}x"),
                    None => "cost is noise".to_owned(),
                }),
                verdict(comparison.map(|comparison| comparison.met)),
            ]);
        }
        text += &table.to_string();
    }
    text += "  CPU time of the writes, median of rounds; \"of none\" and \"added\" are medians over pairs of the same\n\
             \x20 round. XDP on a TUN is the kernel's generic one. Flows are established, but for new ones; those\n\
             \x20 have no budget of a ratio.\n";
    text + &not_measured(&forwarding.missing)
}

fn throughput(throughput: &Throughput) -> String {
    let mut table = Table::new(1, ["filter", "Gbit/s each way", "of none"]);
    for row in &throughput.rows {
        table.row([
            row.filter.name(),
            format!("{:.2}", row.gbit_per_s.median),
            format!("{:.3}", row.ratio),
        ]);
    }
    format!(
        "TCP FROM A CLIENT TO AN ECHO SERVER AND BACK, through the whole lab\n{table}{}",
        not_measured(&throughput.missing)
    )
}

fn not_measured(missing: &[String]) -> String {
    missing
        .iter()
        .map(|missing| format!("  not measured: {missing}\n"))
        .collect()
}

fn budgets(report: &Report) -> String {
    let programs = report.programs.iter().filter_map(|cost| cost.met);
    let loading = report.loading.iter().flat_map(|loading| &loading.starts);
    let rows = report.forwarding.iter().flat_map(|forwarding| {
        let rows = forwarding.rows.iter().filter_map(|row| row.met);
        rows.chain(
            forwarding
                .comparisons
                .iter()
                .map(|comparison| comparison.met),
        )
    });
    let all: Vec<bool> = programs
        .chain(loading.filter_map(|start| start.met))
        .chain(rows)
        .collect();
    let met = all.iter().filter(|met| **met).count();
    format!("Budgets: {met} met, {} missed.\n", all.len() - met)
}

/// How long a list is, for people.
pub(crate) fn prefixes(count: usize) -> String {
    match count {
        0 => "no list".to_owned(),
        _ if count.is_multiple_of(1_000_000) => format!("{} M prefixes", count / 1_000_000),
        _ if count.is_multiple_of(1_000) => format!("{} k prefixes", count / 1_000),
        _ => format!("{count} prefixes"),
    }
}

pub(crate) fn verdict(met: Option<bool>) -> String {
    match met {
        Some(true) => "met",
        Some(false) => "missed",
        None => "",
    }
    .to_owned()
}

pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
