//! One fault after the other, and what has to hold after each.

use crate::account::{status, wait_for_files, wait_until_guarded};
use crate::arguments::Arguments;
use crate::daemon::{Daemon, STDERR};
use crate::faults::{FAULTS, Fault, World};
use crate::meters::{open_files, rss_bytes};
use crate::report::{Memory, Report};
use crate::residue;
use crate::site::Site;
use crate::traffic::Traffic;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Files more than at first that a daemon may have open: a connection that is about to be closed, a device's events.
const MORE_FILES: usize = 4;
/// How much more memory a daemon may have in use than when it had lived through everything once.
const MORE_MEMORY: u64 = 24 << 20;
/// How long the traffic goes on before anything happens.
const QUIET: Duration = Duration::from_secs(2);

pub(crate) fn soak(arguments: &Arguments) -> Result<Report> {
    let site = Site::build()?;
    let daemon = Daemon::start(&site)?;
    let traffic = Traffic::start(site.lab.client(), arguments.seed)?;
    let mut report = Report::new(arguments);
    let mut world = World::new(daemon, site, traffic, arguments.seed);
    if let Err(error) = all_faults(&mut world, arguments, &mut report) {
        eprintln!("{report}\n{}", last_words(&world.site));
        let said = world.daemon().map(|daemon| daemon.said());
        for line in said.unwrap_or_default() {
            eprintln!("{line}");
        }
        let done = report.happened();
        let seed = arguments.seed;
        return Err(error.context(format!("seed {seed}, after {done} faults")));
    }
    let (site, daemon) = world.finish()?;
    residue::check(&site, daemon)?;
    let leaks = site.leaks()?;
    ensure!(leaks.is_empty(), "leaked: {}", leaks.join("; "));
    let said = last_words(&site);
    ensure!(!said.contains("panicked"), "the daemon panicked: {said}");
    Ok(report)
}

fn all_faults(world: &mut World, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let start = Instant::now();
    let length = arguments.length();
    // What came in before the programs were there is in no book.
    look(world, &BEGIN, report)?;
    world.traffic.shared.reset_outage();
    while start.elapsed() < QUIET.min(length / 4) {
        std::thread::park_timeout(Duration::from_millis(10));
    }
    look(world, &NOTHING, report)?;
    report.files = open_files(world.daemon()?.id())?;
    let mut deck: Vec<Fault> = Vec::new();
    while start.elapsed() < length {
        let Some(fault) = deck.pop() else {
            // Then one daemon lives until the end, so that what it does not give back adds up.
            let may_restart = start.elapsed() < length / 2;
            deck.extend(FAULTS.iter().filter(|fault| may_restart || !fault.restarts));
            world.random.shuffle(&mut deck);
            continue;
        };
        world.traffic.shared.reset_outage();
        (fault.happen)(world)
            .and_then(|()| look(world, &fault, report))
            .with_context(|| fault.name)?;
    }
    report.finish(world)
}

const BEGIN: Fault = Fault {
    name: "begin",
    restarts: false,
    detaches: true,
    happen: |_| Ok(()),
};

const NOTHING: Fault = Fault {
    name: "nothing",
    detaches: false,
    ..BEGIN
};

/// Everything that has to hold.
fn look(world: &mut World, fault: &Fault, report: &mut Report) -> Result<()> {
    world.site.wait_until_allowed()?;
    let outage = world.traffic.shared.longest_outage();
    wait_until_guarded(&world.site)?;
    let shared = world.traffic.shared.clone();
    let unjudged = world
        .account
        .settle(&world.site, &shared, !fault.detaches)?;
    let leaks = world.site.leaks()?;
    ensure!(leaks.is_empty(), "leaked: {}", leaks.join("; "));
    let wrong = shared.wrongly_answered.load(Ordering::Relaxed);
    ensure!(wrong == 0, "{wrong} answers to what is forbidden");
    let (_, bad) = world.daemon()?.lines();
    ensure!(bad == 0, "{bad} lines of output were no JSON");
    ensure!(
        status(&world.site)?.pid == world.daemon()?.id(),
        "another one answers"
    );
    if report.files > 0 {
        wait_for_files(world.daemon()?, report.files + MORE_FILES)?;
    }
    let process = world.daemon()?.id();
    report.memory.note(process, rss_bytes(process)?);
    if let Memory {
        begin: Some(begin),
        end,
        ..
    } = report.memory
    {
        ensure!(
            end <= begin + MORE_MEMORY,
            "the daemon grew from {begin} to {end} bytes"
        );
    }
    report.note(fault.name, outage, unjudged);
    Ok(())
}

/// The end of what daemons wrote to stderr.
fn last_words(site: &Site) -> String {
    const LINES: usize = 15;
    let said = fs::read_to_string(site.folder().join(STDERR)).unwrap_or_default();
    let mut lines: Vec<&str> = said.lines().rev().take(LINES).collect();
    lines.reverse();
    lines.join("\n")
}
