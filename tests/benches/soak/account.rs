//! What went in, and what the programs counted of it.

use crate::daemon::Daemon;
use crate::policies::FLOWS;
use crate::shared::Shared;
use crate::site::Site;
use crate::wait::until;
use anyhow::{Context, Result, ensure};
use exitguard::control::{Client, Protection, Status};

/// What a daemon says of itself.
pub(crate) fn status(site: &Site) -> Result<Status> {
    let socket = site.socket();
    let ask = || Client::connect(&socket).and_then(|mut client| client.status());
    site.exit().enter(ask)?.context("asked for its status")
}

/// Until the programs and the gate are where they should be.
pub(crate) fn wait_until_guarded(site: &Site) -> Result<Status> {
    let mut last = String::new();
    until("the guard", || {
        match status(site) {
            Ok(status) if status.protection == Protection::Enforcing && status.gate_closed => {
                return Ok(Some(status));
            }
            Ok(status) => last = format!("{:?} {:?}", status.protection, status.reason),
            Err(error) => last = format!("{error:#}"),
        }
        Ok(None)
    })
    .with_context(|| format!("the last answer was {last}"))
}

/// The books.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Packets that were written into the device past the relay.
    pub(crate) injected: u64,
    /// Packets that no program counted: they met the gate, or a device that was down.
    pub(crate) unjudged: u64,
    /// What former counters, whose pins somebody removed, had counted.
    carried: Counted,
    last: Option<Status>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) passed: u64,
    pub(crate) denied: u64,
}

impl From<&Status> for Counted {
    fn from(status: &Status) -> Self {
        Self {
            passed: status.outbound.pkts,
            denied: status.outbound.denied_pkts,
        }
    }
}

impl Account {
    /// Packets that entered the exit node's kernel from clients.
    pub(crate) fn put_in(&self, site: &Site) -> u64 {
        let relayed = site.lab.outbound();
        relayed.packets - relayed.refused_packets + self.injected
    }

    /// What the programs counted in all.
    pub(crate) fn counted(&self) -> Counted {
        let now = self.last.as_ref().map(Counted::from).unwrap_or_default();
        Counted {
            passed: self.carried.passed + now.passed,
            denied: self.carried.denied + now.denied,
        }
    }

    /// Somebody took the counters away: the next ones begin at zero.
    pub(crate) fn begins_anew(&mut self) {
        self.carried = self.counted();
        self.last = None;
    }

    /// Stops the traffic, and compares. `were_attached`: the programs were there all the time since the last
    /// look, so that there is no packet that they did not see. Returns those that they did not see.
    pub(crate) fn settle(
        &mut self,
        site: &Site,
        shared: &Shared,
        were_attached: bool,
    ) -> Result<u64> {
        /// Looks at books that do not change, when it is not known what has to be in them.
        const QUIET: u32 = 10;
        /// What the relay may have held back when the books were closed last: one frame.
        const HELD: u64 = 64;
        shared.pause();
        let mut quiet = 0;
        let mut seen = None;
        let mut what = String::new();
        let settled = until("books that agree", || {
            let before = self.put_in(site);
            let status = status(site)?;
            self.grew(&status)?;
            self.last = Some(status);
            let Counted { passed, denied } = self.counted();
            let now = (before, passed + denied);
            what = format!("{before} packets went in, {passed} passed and {denied} were denied");
            if seen == Some(now) {
                quiet += 1;
            } else {
                (seen, quiet) = (Some(now), 0);
            }
            let unjudged = before.checked_sub(passed + denied);
            let known = self.unjudged.saturating_sub(HELD)..=self.unjudged;
            let is_known = were_attached && unjudged.is_some_and(|count| known.contains(&count));
            let is_quiet = quiet >= QUIET && (unjudged.is_some() && !were_attached || is_known);
            Ok(unjudged.filter(|_| is_quiet))
        });
        let before = self.unjudged;
        let unjudged = settled.with_context(|| {
            format!("{what}, and {before} had met the gate or no device before")
        })?;
        self.unjudged = unjudged;
        shared.resume();
        Ok(unjudged.saturating_sub(before))
    }

    /// Counters of the kernel outlive everything but their pins, and only grow; tables have an end.
    fn grew(&self, now: &Status) -> Result<()> {
        ensure!(
            now.flows <= 64 * FLOWS,
            "the daemon remembers {} flows, of which the kernel has {FLOWS}",
            now.flows
        );
        let Some(last) = &self.last else {
            return Ok(());
        };
        let pairs = [
            (last.outbound.pkts, now.outbound.pkts),
            (last.outbound.bytes, now.outbound.bytes),
            (last.outbound.denied_pkts, now.outbound.denied_pkts),
            (last.inbound.pkts, now.inbound.pkts),
            (last.inbound.denied_pkts, now.inbound.denied_pkts),
            (last.lost_kernel, now.lost_kernel),
        ];
        ensure!(
            pairs.iter().all(|(last, now)| last <= now),
            "counters went back: {last:#?}\nthen {now:#?}"
        );
        Ok(())
    }

    pub(crate) fn last(&self) -> Option<&Status> {
        self.last.as_ref()
    }
}

/// Files that a daemon has open, when nobody is connected any more and it has as many as before.
pub(crate) fn wait_for_files(daemon: &Daemon, most: usize) -> Result<usize> {
    let mut open = 0;
    until("the end of connections", || {
        open = crate::meters::open_files(daemon.id())?;
        Ok((open <= most).then_some(open))
    })
    .with_context(|| format!("the daemon has {open} files open, and had {most}"))
}
