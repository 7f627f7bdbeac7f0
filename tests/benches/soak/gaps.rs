//! For how long packets pass unjudged when the interface is re-created: as a server sees it.

mod flood;

use crate::daemon::Daemon;
use crate::policies::{SHUT_UDP, policy};
use crate::site::Site;
use anyhow::{Context, Result, ensure};
use exitguard::exit_code::Exit;
use exitguard::lab::SERVER_V4;
use flood::{Flood, Server};
use serde::Serialize;
use std::time::Duration;

/// Re-creations, once with each value of `fail`.
#[derive(Debug, Serialize)]
pub(crate) struct Gaps {
    times: u32,
    open: Seen,
    closed: Seen,
}

/// What a server saw of what is forbidden.
#[derive(Debug, Serialize)]
struct Seen {
    /// Datagrams that were sent.
    sent: u64,
    /// Those that arrived.
    leaked: u64,
    /// Of each re-creation, from the first that arrived to the last; zero if none did.
    gaps_us: Vec<u128>,
}

/// Floods a forbidden port while the interface is re-created so many times.
pub(crate) fn measure(times: u32) -> Result<Gaps> {
    let open = seen(
        times,
        &policy(0).replace("fail = \"closed\"", "fail = \"open\""),
    )?;
    let closed = seen(times, &policy(0))?;
    ensure!(
        closed.leaked == 0,
        "with fail = \"closed\" {} datagrams leaked",
        closed.leaked
    );
    Ok(Gaps {
        times,
        open,
        closed,
    })
}

fn seen(times: u32, policy: &str) -> Result<Seen> {
    /// So many datagrams that do not arrive mean that the programs are there.
    const JUDGED: u64 = 2_000;
    /// Nobody has to wait so long: what the daemon said meanwhile is told.
    const LONG: Duration = Duration::from_secs(2);
    let mut site = Site::build()?;
    site.write_policy(policy)?;
    let daemon = Daemon::start(&site)?;
    let server = Server::start(site.lab.internet(), (SERVER_V4, SHUT_UDP).into())?;
    let flood = Flood::start(site.lab.client(), server.address())?;
    let mut gaps_us = Vec::new();
    for number in 0..times {
        daemon.said();
        server.begin();
        site.lab.recreate_tun()?;
        let mut arrived = server.leaked();
        let mut crossed = site.lab.outbound().frames;
        crate::wait::until("the guard", || {
            let now = site.lab.outbound().frames;
            if server.leaked() > arrived {
                (arrived, crossed) = (server.leaked(), now);
            }
            Ok((now > crossed + JUDGED).then_some(()))
        })
        .with_context(|| format!("re-creation {number}"))?;
        let gap = server.gap();
        if gap > LONG {
            let said = daemon.said().join("\n  ");
            eprintln!("{number}: {gap:?}; meanwhile the daemon said\n  {said}");
        }
        gaps_us.push(gap.as_micros());
    }
    let sent = flood.stop()?;
    let leaked = server.leaked();
    crate::residue::check(&site, daemon)?;
    gaps_us.sort_unstable();
    Ok(Seen {
        sent,
        leaked,
        gaps_us,
    })
}

impl Gaps {
    /// Prints all of it.
    pub(crate) fn print(&self, json: bool) -> Result<Exit> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
            return Ok(Exit::Ok);
        }
        println!("{} re-creations of the interface under flood", self.times);
        println!(
            "{:<18}{:>10}{:>10}{:>12}{:>12}{:>12}",
            "", "sent", "leaked", "shortest", "median", "longest"
        );
        for (fail, seen) in [("open", &self.open), ("closed", &self.closed)] {
            let [shortest, median, longest] = seen
                .spread()
                .map(|gap| format!("{:.2} ms", gap.as_secs_f64() * 1e3));
            let (sent, leaked) = (seen.sent, seen.leaked);
            println!(
                "fail = {fail:<11}{sent:>10}{leaked:>10}{shortest:>12}{median:>12}{longest:>12}"
            );
        }
        Ok(Exit::Ok)
    }
}

impl Seen {
    fn spread(&self) -> [Duration; 3] {
        let last = self.gaps_us.len().saturating_sub(1);
        [0, last / 2, last].map(|place| {
            let gap = self.gaps_us.get(place).copied().unwrap_or_default();
            Duration::from_micros(u64::try_from(gap).unwrap_or(u64::MAX))
        })
    }
}
