//! The tables.

use super::{Budget, List, Report};
use crate::report::{Table, mib, thousands, verdict};
use crate::statistics::{Summary, summarise};

pub(super) fn of(report: &Report) -> String {
    let quick = if report.quick {
        "A quick run: it shows that everything runs, not what it costs.\n"
    } else {
        ""
    };
    let machine = &report.machine;
    let heading = format!(
        "exitguard {} on Linux {}, {} CPUs ({})\n{quick}",
        machine.exitguard, machine.kernel, machine.cpus, machine.cpu
    );
    [
        heading,
        loads(&report.lists),
        swaps(&report.lists),
        peers(&report.lists),
        budgets(&report.lists),
    ]
    .join("\n")
}

fn of_loads(list: &List, value: impl Fn(&super::Load) -> f64) -> Summary {
    let none = Summary {
        median: f64::NAN,
        min: f64::NAN,
        p90: f64::NAN,
        values: 0,
    };
    summarise(list.loads.iter().map(value).collect()).unwrap_or(none)
}

fn loads(lists: &[List]) -> String {
    let mut table = Table::new(
        1,
        [
            "list", "text", "read", "compile", "enforce", "total", "(min)", "CPU", "peak RSS",
            "tables", "ranges",
        ],
    );
    for list in lists {
        let ms = |value: fn(&super::Load) -> f64| format!("{:.1}", of_loads(list, value).median);
        let last = list.loads.last();
        table.row([
            list.name.clone(),
            mib(list.text_bytes),
            ms(|load| load.read_ms),
            ms(|load| load.compile_ms),
            ms(|load| load.enforce_ms),
            ms(|load| load.total_ms),
            format!("({:.1})", of_loads(list, |load| load.total_ms).min),
            ms(|load| load.cpu_ms),
            mib(of_loads(list, |load| load.peak_rss_bytes as f64).median as u64),
            mib(last.map_or(0, |load| load.tables_bytes)),
            thousands(last.map_or(0, |load| load.ranges)),
        ]);
    }
    format!(
        "FROM FILES INTO FORCE ON A TUN, each load in a fresh process, median ms\n{table}\
         \x20 CPU: processor time of all threads, the kernel's work included. Tables: kernel memory of the policy.\n"
    )
}

fn swaps(lists: &[List]) -> String {
    let mut table = Table::new(
        1,
        [
            "list",
            "new flow",
            "replace",
            "packets",
            "misjudged",
            "longest",
            "(quiet)",
        ],
    );
    for list in lists {
        let median = |value: fn(&super::Load) -> f64| of_loads(list, value).median;
        let most =
            |value: fn(&super::Load) -> f64| list.loads.iter().map(value).fold(0.0, f64::max);
        let sum = |value: fn(&super::Load) -> u64| list.loads.iter().map(value).sum::<u64>();
        table.row([
            list.name.clone(),
            format!("{:.0} ns", median(|load| load.new_flow_ns.median)),
            format!("{:.1} ms", median(|load| load.publish_ms.median)),
            thousands(sum(|load| load.swap.sent) as usize),
            thousands(sum(|load| load.swap.misjudged) as usize),
            format!("{:.1} ms", most(|load| load.swap.longest_ms)),
            format!("({:.1})", most(|load| load.swap.longest_quiet_ms)),
        ]);
    }
    format!(
        "IN FORCE: A NEW FLOW, AND REPLACING THE POLICY UNDER TRAFFIC\n{table}\
         \x20 New flow: one run of the program (BPF_PROG_TEST_RUN), each to another random address; the cost of a\n\
         \x20 single run is in it. Replace: the same policy again, programs and tables anew, median. Meanwhile packets\n\
         \x20 go to the TUN that every policy allows or denies; longest: what handing over two of them took at most,\n\
         \x20 and while nothing was replaced. Scheduling is part of both.\n"
    )
}

fn peers(lists: &[List]) -> String {
    let heading = ["list", "by", "time", "peak RSS", "kernel"];
    let mut table = Table::new(2, heading);
    let mut missing = String::new();
    for list in lists.iter().filter(|list| list.prefixes > 0) {
        table.row([
            list.name.clone(),
            "exitguard".to_owned(),
            format!("{:.0} ms", of_loads(list, |load| load.total_ms).median),
            mib(of_loads(list, |load| load.peak_rss_bytes as f64).median as u64),
            mib(list.loads.last().map_or(0, |load| load.tables_bytes)),
        ]);
        for (peer, loads) in &list.peers {
            let loads = match loads {
                Ok(loads) => loads,
                Err(why) => {
                    missing += &format!("  not measured: {}, {}: {why}\n", list.name, peer.name());
                    continue;
                }
            };
            let times = summarise(loads.iter().map(|load| load.total_ms).collect());
            let bytes = |bytes: Option<u64>| bytes.map_or("-".to_owned(), mib);
            let last = loads.last();
            table.row([
                String::new(),
                peer.name().to_owned(),
                times.map_or("-".to_owned(), |times| format!("{:.0} ms", times.median)),
                bytes(last.and_then(|load| load.peak_rss_bytes)),
                bytes(last.and_then(|load| load.kernel_bytes)),
            ]);
        }
    }
    format!(
        "NEXT TO OTHERS, the same prefixes\n{table}\
         \x20 exitguard's time includes loading and verifying programs; nft (sets with interval and auto-merge) and\n\
         \x20 ipset (hash:net) load sets without a rule that asks them; the trie is filled from memory. Kernel memory:\n\
         \x20 exitguard's and the trie's as the maps tell, ipset's as `ipset list -t` tells, nft's is what SUnreclaim and\n\
         \x20 VmallocUsed of the machine grew by, so other work of the machine shows.\n{missing}"
    )
}

fn budgets(lists: &[List]) -> String {
    let mut table = Table::new(1, ["budget", "total", "", "peak RSS", "", "tables", ""]);
    for list in lists {
        let Some(Budget {
            total_ms,
            peak_rss_bytes,
            tables_bytes,
        }) = list.budget
        else {
            continue;
        };
        let within = |value: fn(&super::Load) -> f64, most: f64| {
            verdict(Some(of_loads(list, value).median <= most))
        };
        table.row([
            list.name.clone(),
            format!("≤ {total_ms:.0} ms"),
            within(|load| load.total_ms, total_ms),
            format!("≤ {}", mib(peak_rss_bytes)),
            within(|load| load.peak_rss_bytes as f64, peak_rss_bytes as f64),
            format!("≤ {}", mib(tables_bytes)),
            within(|load| load.tables_bytes as f64, tables_bytes as f64),
        ]);
    }
    table.to_string()
}
