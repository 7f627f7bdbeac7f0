//! What happens.

mod device;
mod files;
mod process;
mod readers;

use crate::account::{Account, wait_until_guarded};
use crate::daemon::Daemon;
use crate::site::Site;
use crate::traffic::Traffic;
use anyhow::{Context, Result, ensure};
pub(crate) use device::pins;
use fastrand::Rng;

/// Everything that a fault can happen to. In the order in which it is to be dropped.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) traffic: Traffic,
    daemon: Option<Daemon>,
    pub(crate) site: Site,
    pub(crate) random: Rng,
    pub(crate) account: Account,
    /// Which policy is in force.
    pub(crate) policy: usize,
    /// Starts of the daemon that were to succeed, and did.
    pub(crate) starts: u64,
}

impl World {
    pub(crate) fn new(daemon: Daemon, site: Site, traffic: Traffic, seed: u64) -> Self {
        Self {
            traffic,
            daemon: Some(daemon),
            site,
            random: Rng::with_seed(seed),
            account: Account::default(),
            policy: 0,
            starts: 1,
        }
    }

    /// Starts the daemon.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.daemon = Some(Daemon::start(&self.site)?);
        self.starts += 1;
        Ok(())
    }

    pub(crate) fn daemon(&mut self) -> Result<&mut Daemon> {
        self.daemon.as_mut().context("there is no daemon")
    }

    /// Takes the daemon, to end it.
    pub(crate) fn take_daemon(&mut self) -> Result<Daemon> {
        self.daemon.take().context("there is no daemon")
    }

    /// Ends the traffic.
    pub(crate) fn finish(self) -> Result<(Site, Daemon)> {
        self.traffic.stop()?;
        Ok((self.site, self.daemon.context("there is no daemon")?))
    }

    /// Has the daemon read its files, which are fine.
    fn reload(&mut self) -> Result<()> {
        let is_in_force = self.daemon()?.reload()?;
        ensure!(is_in_force, "what is fine was not put in force");
        Ok(())
    }

    fn guarded(&self) -> Result<()> {
        wait_until_guarded(&self.site).map(drop)
    }
}

/// One kind of fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// Whether another process is the daemon afterwards.
    pub(crate) restarts: bool,
    /// Whether the programs are not on the device for a time.
    pub(crate) detaches: bool,
    /// What happens; everything is as before when it returns, or will be soon.
    pub(crate) happen: fn(&mut World) -> Result<()>,
}

const fn harmless(name: &'static str, happen: fn(&mut World) -> Result<()>) -> Fault {
    Fault {
        name,
        restarts: false,
        detaches: false,
        happen,
    }
}

const fn restarting(name: &'static str, happen: fn(&mut World) -> Result<()>) -> Fault {
    Fault {
        restarts: true,
        ..harmless(name, happen)
    }
}

const fn detaching(name: &'static str, happen: fn(&mut World) -> Result<()>) -> Fault {
    Fault {
        detaches: true,
        ..harmless(name, happen)
    }
}

/// All kinds.
pub(crate) const FAULTS: [Fault; 21] = [
    restarting("SIGKILL and restart", process::kill),
    restarting("SIGTERM and restart", process::stop),
    restarting("little memory", process::little_memory),
    harmless("a second daemon", process::second),
    detaching("re-creation", device::recreate),
    Fault {
        restarts: true,
        ..detaching("re-creation without a daemon", device::recreate_alone)
    },
    detaching("links removed", device::remove_links),
    Fault {
        restarts: true,
        ..detaching("all pins removed", device::remove_pins)
    },
    harmless("gate removed", device::remove_gate),
    harmless("malformed frames", device::malformed),
    harmless("another policy", files::policy),
    harmless("a wrong policy", files::wrong_policy),
    harmless("another list", files::other_list),
    harmless("a long list", files::long_list),
    harmless("an empty list", files::empty_list),
    harmless("a web page as list", files::web_page),
    harmless("a list cut short", files::cut_list),
    harmless("a folder as list", files::folder),
    restarting("a web page as list, and SIGKILL", files::web_page_and_kill),
    restarting("full disk", files::full_disk),
    harmless("reader and socket", readers::both),
];
