//! The loop.

mod answers;
mod changes;
mod device;
mod lists;
mod observed;
mod runtime;
mod trial;

pub(super) use changes::{needs_restart, one_line};
pub(super) use observed::observed_before;

use super::desired::Desired;
use super::error::DaemonError;
use super::reporter::Reporter;
use super::search::Search;
use super::sight::Sight;
use super::start::{Command, Settings};
use super::status::{Exposure, Inquiries};
use super::systemd;
use crate::audit::{Action, Entry, Via};
use crate::changes::Book;
use crate::config::{Fail, OnExit};
use crate::datapath::{self, EventSource, Guard, Setup};
use crate::host::{Device, HostError};
use crate::lists::Standing;
use crate::output::{StateEvent, WallClock};
use crate::policy::{Network, list_id};
use crate::state::{Idle, Output, Tracker};
use exitguard_common::abi::Event;
use jiff::Timestamp;
use lists::{keep, summary};
use observed::{Observing, written};
use runtime::{open_book, until};
use std::collections::HashMap;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior, interval};
use trial::Trial;

/// How often the flow table is read.
const SNAPSHOT_PERIOD: Duration = Duration::from_secs(2);
/// Changes of the network are heard of, but a look now and then costs nothing.
pub(super) const LOOK_PERIOD: Duration = Duration::from_secs(10);
/// Events taken in before anything else gets a turn.
const EVENTS_AT_ONCE: usize = 1_024;
/// How long a reader may take for the last reports.
pub(super) const LAST_REPORTS: Duration = Duration::from_secs(2);

pub(super) struct Supervisor {
    settings: Settings,
    desired: Desired,
    network: Network,
    search: Search,
    reporter: Reporter,
    tracker: Tracker,
    guard: Guard,
    /// What was changed at run time.
    book: Book,
    /// Changes that are over could not be ended: when to try again.
    end_not_before: Option<Timestamp>,
    /// What is in force is on trial.
    trial: Option<Trial>,
    /// What clients do; nothing if nobody can ask for it.
    observing: Option<Observing>,
    /// The interface is gone, and that was reported.
    has_told_loss: bool,
    /// Nothing unmarked gets through, whether the programs are there or not.
    is_gate_closed: bool,
    exposure: Exposure,
    sight: Sight,
    /// The kernel decided otherwise than the policy at the last look.
    is_policy_broken: bool,
    /// Why the programs could not be put on the interface, if that was so last.
    trouble: Option<String>,
    /// Until then the addresses of an interface that came back are still coming.
    settled: Option<Instant>,
    /// When to look before it is time to.
    look_at: Option<Instant>,
    /// When the daemon started.
    started: Timestamp,
    /// When the policy was put in force.
    policy_since: Timestamp,
    /// Why the last reload changed nothing.
    reload_error: Option<String>,
    events: AsyncFd<EventSource>,
    /// What was told about each list last.
    told_lists: HashMap<String, Standing>,
}

impl Supervisor {
    pub(super) async fn start(
        settings: Settings,
        mut desired: Desired,
        device: Device,
        search: Search,
        mut reporter: Reporter,
        started: Timestamp,
    ) -> Result<Self, DaemonError> {
        let (devices, addresses) = search.look().await?;
        let network = search.network(&devices, &addresses, &device.name).await?;
        (settings.warn)(&desired.collisions(&network));
        let (book, trouble_with_book) = open_book(&settings, &desired.config);
        let (observing, trouble_with_observed) = Observing::open(&settings, &desired.config);
        let (policy, labels) = desired.compile(&network, &book)?;
        let Some(link_layer) = device.link_layer() else {
            let (name, kind) = (device.name, device.kind);
            return Err(HostError::UnknownLinkLayer { name, kind }.into());
        };
        let setup = Setup {
            interface: device.name.clone(),
            index: device.index,
            link_layer,
            attach: desired.config.attach,
            flow_table: desired.config.flow_table,
            mark: desired.config.fail == Fail::Closed,
        };
        let (mut guard, events) = Guard::start(setup, &policy)?;
        let generation = guard.generation();
        reporter.set_interface(device.name);
        reporter.use_policy(generation, labels, desired.config.mode.name());
        let stats = guard.loaded().stats()?;
        reporter.forgive_losses(&stats);
        keep(&mut desired, settings.warn);
        let events = datapath::awaitable(events).map_err(DaemonError::Wait)?;
        let tracker = Tracker::new(Idle::default(), desired.config.events.update);
        let mut supervisor = Self {
            settings,
            desired,
            network,
            search,
            reporter,
            tracker,
            guard,
            book,
            end_not_before: None,
            trial: None,
            observing,
            has_told_loss: false,
            is_gate_closed: false,
            exposure: Exposure::default(),
            sight: Sight::default(),
            is_policy_broken: false,
            started,
            trouble: None,
            settled: None,
            look_at: None,
            policy_since: Timestamp::now(),
            reload_error: None,
            events,
            told_lists: HashMap::new(),
        };
        supervisor.keep_gate(false).await;
        let message = summary(&supervisor.desired, supervisor.guard.method());
        systemd::ready(&message);
        supervisor.reporter.state(StateEvent::Started, message);
        let entry = Entry::own(Via::Start, Action::Start).what(supervisor.settings.what());
        supervisor.reporter.audit(&entry.after(generation));
        if let Some(why) = trouble_with_book {
            let message = format!("{why}, and nothing of what was changed at run time is in force");
            supervisor.tell(StateEvent::NoChanges, message);
        }
        if let Some(message) = trouble_with_observed {
            supervisor.tell(StateEvent::NoObserved, message);
        }
        Ok(supervisor)
    }

    /// Tells something about the guard.
    pub(super) fn tell(&mut self, event: StateEvent, message: String) {
        self.reporter.state(event, message);
    }

    pub(super) async fn run(
        mut self,
        mut commands: Receiver<Command>,
        mut inquiries: Inquiries,
    ) -> Result<(), DaemonError> {
        self.tell_lists(true);
        let mut snapshot = ticker(SNAPSHOT_PERIOD);
        let mut look = ticker(LOOK_PERIOD);
        let mut keep_observed = ticker(observed::KEEP_PERIOD);
        let mut next_stats = self.after_stats_period();
        loop {
            let stats_due = async {
                match next_stats {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let change_ends = self.next_end();
            let trial_ends = self.trial_ends();
            let look_at = self.look_at;
            let look_early = async {
                match look_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // In this order: what changes protection comes before what tells about it.
                biased;
                command = commands.recv() => match command {
                    Some(Command::Reload) => self.reload(),
                    Some(Command::Stop) | None => break,
                },
                () = self.search.changed() => self.look().await,
                () = trial_ends => drop(self.roll_back(None)),
                () = until(change_ends) => self.end_changes(),
                () = look_early => self.look().await,
                _ = look.tick() => {
                    self.look().await;
                    self.look_at_lists();
                }
                _ = snapshot.tick() => self.take_snapshot(),
                _ = keep_observed.tick() => self.keep_observed(),
                result = written(self.observing.as_mut()) => self.kept_observed(result),
                () = stats_due => {
                    self.tell_stats();
                    next_stats = self.after_stats_period();
                }
                ready = self.events.readable_mut() => {
                    let mut ready = ready.map_err(DaemonError::Wait)?;
                    let events = read_events(ready.get_inner_mut(), EVENTS_AT_ONCE);
                    // The kernel wakes us again only when the ring was read to its end.
                    if events.len() < EVENTS_AT_ONCE {
                        ready.clear_ready();
                    }
                    drop(ready);
                    self.take_in(&events);
                    // In a flood there are always more events, and a question may be the block that ends it.
                    if let Some(inquiry) = inquiries.waiting() {
                        self.answer(inquiry).await;
                    }
                }
                inquiry = inquiries.next() => self.answer(inquiry).await,
            }
        }
        self.finish().await;
        Ok(())
    }

    fn after_stats_period(&self) -> Option<Instant> {
        Some(Instant::now() + self.desired.config.events.stats?)
    }

    fn take_in(&mut self, events: &[Event]) {
        let clock = WallClock::now();
        let mut outputs = Vec::new();
        for event in events {
            self.tracker.event(event, &mut outputs);
        }
        self.act(&outputs, &clock);
    }

    fn take_snapshot(&mut self) {
        self.reporter.look_at_file();
        // Events before the table, so that all that were sent before it is read are in.
        let events = read_events(self.events.get_mut(), usize::MAX);
        self.take_in(&events);
        let clock = WallClock::now();
        let mut outputs = Vec::new();
        if let Ok(table) = self.guard.loaded().read_flows() {
            // What was read of it is true, even if there is no more.
            let _ = self
                .tracker
                .snapshot(table, clock.monotonic_ns(), &mut outputs);
        }
        self.act(&outputs, &clock);
        if let Ok(stats) = self.guard.loaded().stats() {
            self.reporter.losses(&stats);
        }
    }

    fn act(&mut self, outputs: &[Output], clock: &WallClock) {
        for output in outputs {
            match output {
                Output::Tell(record) => {
                    if let Some(report) = self.reporter.names().named(record, clock) {
                        self.observe(&report);
                        self.reporter.flow(report);
                    }
                }
                // It stays until it is the least recently used: no harm.
                Output::Forget(key) => drop(self.guard.loaded().forget_flow(key)),
            }
        }
    }

    fn tell_stats(&mut self) {
        if let Ok(stats) = self.guard.loaded().stats() {
            let hits = self.list_hits();
            self.reporter.stats(&stats, hits, self.tracker.len());
        }
    }

    /// How many flows each list denied; of none that the kernel does not tell.
    fn list_hits(&mut self) -> Vec<(String, u64)> {
        let names = self.desired.lists.iter().map(|list| &list.name);
        let ids: Vec<_> = names.clone().map(|name| list_id(name)).collect();
        let hits = self.guard.loaded().list_hits(&ids).unwrap_or_default();
        names.cloned().zip(hits).collect()
    }

    async fn finish(mut self) {
        systemd::stopping();
        if self.trial.is_some() {
            // The next start is by the configuration that is installed: what is in force until then is the same.
            drop(self.roll_back(None));
        }
        self.take_snapshot();
        self.reporter.wait_for_room(LAST_REPORTS);
        let clock = WallClock::now();
        let mut outputs = Vec::new();
        self.tracker.shutdown(clock.monotonic_ns(), &mut outputs);
        self.act(&outputs, &clock);
        self.keep_last_observed().await;
        self.tell_stats();
        let generation = self.guard.generation();
        let message = match self.desired.config.on_exit {
            OnExit::Keep => "what is in force stays; `exitguard off` removes it".to_owned(),
            OnExit::Open => match self.guard.take_off() {
                Ok(()) => "everything passes from now on".to_owned(),
                Err(error) => format!("some of it may be in force still: {error}"),
            },
        };
        let entry = Entry::own(Via::Signal, Action::Stop).what(&message);
        self.reporter.state(StateEvent::Stopped, message);
        self.reporter.audit(&entry.before(generation));
        self.reporter.finish(LAST_REPORTS);
    }
}

fn read_events(source: &mut EventSource, most: usize) -> Vec<Event> {
    std::iter::from_fn(|| source.next_event())
        .take(most)
        .collect()
}

fn ticker(period: Duration) -> tokio::time::Interval {
    let mut ticker = interval(period);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticker
}
