//! Records to reports.

use crate::audit::{AuditLog, Entry};
use crate::control::{Feed, Following};
use crate::lists::{Condition, LoadedList};
use crate::output::{
    EventFile, FileNews, FlowReport, ListReport, LostReport, Naming, Report, Sink, StateEvent,
    StateReport, StatsReport, WallClock,
};
use crate::policy::{Labels, Overlay};
use crate::state::Record;
use exitguard_common::abi::Stats;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Policies whose names are kept: events of the last ones may still be on their way when the next is in force, and every
/// change at run time makes another one.
const KEPT_POLICIES: usize = 8;

/// Tells what happens, to the sink and to whoever watches.
#[derive(Debug)]
pub struct Reporter {
    sink: Sink,
    file: Option<EventFile>,
    audit: Option<AuditLog>,
    feed: Feed,
    names: Names,
    mode: &'static str,
    started: Instant,
    /// What was told to be lost already.
    told_kernel: u64,
    told_output: u64,
    told_file: u64,
}

/// Where the names of a record are looked up. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Names {
    interface: String,
    /// By generation, newest first.
    labels: VecDeque<(u32, Arc<Labels>)>,
}

impl Names {
    /// A record with every name looked up; nothing before a policy is in force.
    pub fn named(&self, record: &Record, clock: &WallClock) -> Option<FlowReport> {
        let labels = self.of(record.state.cached.generation())?;
        let naming = Naming {
            interface: &self.interface,
            labels,
            clock,
        };
        Some(FlowReport::new(record, &naming))
    }

    /// The names of a policy.
    pub(super) fn of(&self, generation: u32) -> Option<&Labels> {
        let of_generation = self.labels.iter().find(|(known, _)| *known == generation);
        // A flow decided before this daemon started: its rule numbers are those of an unknown policy; the one
        // in force is the best guess, and right unless the file changed meanwhile.
        let (_, labels) = of_generation.or(self.labels.front())?;
        Some(labels)
    }

    /// Keeps the lists that are in force and those before them: a few versions of long lists take more memory than
    /// everything else. Where older ones are asked for, those in force are the best guess.
    fn forget_lists(&mut self) {
        let Some((_, newest)) = self.labels.front().cloned() else {
            return;
        };
        let differs = |labels: &&mut Arc<Labels>| !labels.shares_lists(&newest);
        let labels = self.labels.iter_mut().map(|(_, labels)| labels);
        let mut older = labels.filter(differs);
        let Some(before) = older.next() else {
            return;
        };
        for labels in older.filter(|labels| !labels.shares_lists(before)) {
            *labels = Arc::new(labels.with_lists_of(&newest));
        }
    }
}

impl Reporter {
    /// Nothing is in force yet.
    pub fn new(sink: Sink, interface: String, mode: &'static str) -> Self {
        Self {
            sink,
            file: None,
            audit: None,
            feed: Feed::default(),
            names: Names {
                interface,
                labels: VecDeque::new(),
            },
            mode,
            started: Instant::now(),
            told_kernel: 0,
            told_output: 0,
            told_file: 0,
        }
    }

    /// What is told is written to a file, too, from now on.
    pub fn set_file(&mut self, file: EventFile) {
        self.file = Some(file);
    }

    /// Changes are written down from now on.
    pub fn set_audit(&mut self, audit: AuditLog) {
        self.audit = Some(audit);
    }

    /// For whoever may watch.
    pub fn following(&self) -> Following {
        self.feed.following()
    }

    fn tell(&mut self, report: Report) {
        let report = Arc::new(report);
        self.feed.push(Arc::clone(&report));
        if let Some(file) = &mut self.file {
            file.send(Arc::clone(&report));
        }
        self.sink.send(report);
    }

    /// The interface is known now.
    pub fn set_interface(&mut self, interface: String) {
        self.names.interface = interface;
    }

    /// Another policy is in force.
    pub fn use_policy(&mut self, generation: u32, labels: Labels, mode: &'static str) {
        self.mode = mode;
        let labels = Arc::new(labels);
        self.names.labels.push_front((generation, labels));
        self.names.labels.truncate(KEPT_POLICIES);
        self.names.forget_lists();
    }

    /// Operators changed what is in force.
    pub fn change(&mut self, generation: u32, overlay: Overlay) {
        if let Some((_, labels)) = self.names.labels.front() {
            self.use_policy(generation, labels.under(overlay), self.mode);
        }
    }

    /// Where the names of records are looked up.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Losses of the kernel before this daemon started were not ours to tell.
    pub const fn forgive_losses(&mut self, stats: &Stats) {
        self.told_kernel = stats.events_lost;
    }

    /// Number of the policy in force.
    pub fn generation(&self) -> u32 {
        self.names
            .labels
            .front()
            .map_or(0, |(generation, _)| *generation)
    }

    /// Tells about a flow.
    pub fn flow(&mut self, report: FlowReport) {
        self.tell(Report::Flow(Box::new(report)));
    }

    /// Tells about the guard.
    pub fn state(&mut self, event: StateEvent, message: impl Into<String>) {
        let report = StateReport {
            time: WallClock::now().wall(),
            interface: self.names.interface.clone(),
            event,
            generation: self.generation(),
            mode: self.mode,
            message: message.into(),
        };
        self.tell(Report::State(report));
    }

    /// Writes down a change. That it could not be written is told.
    pub fn audit(&mut self, entry: &Entry) {
        let audit = self.audit.as_mut();
        if let Some(Err(error)) = audit.map(|audit| audit.write(entry)) {
            self.state(StateEvent::NoAudit, error.to_string());
        }
    }

    /// The logs may have been rotated.
    pub fn reopen(&mut self) {
        if let Some(audit) = &mut self.audit {
            audit.reopen();
        }
    }

    /// Tells how it is with a list.
    pub fn list(&mut self, list: &LoadedList, condition: &Condition) {
        let time = WallClock::now().wall();
        let report = ListReport {
            time,
            interface: self.names.interface.clone(),
            list: list.name.clone(),
            standing: condition.standing,
            why: condition.why.clone(),
            entries: list.entries.len(),
            age: condition.age(time),
        };
        self.tell(Report::List(report));
    }

    /// Tells the counters.
    pub fn stats(&mut self, kernel: &Stats, list_hits: Vec<(String, u64)>, flows: usize) {
        let report = StatsReport {
            time: WallClock::now().wall(),
            interface: self.names.interface.clone(),
            uptime: self.started.elapsed(),
            flows,
            kernel: *kernel,
            list_hits,
            reports_lost: self.sink.lost(),
            generation: self.generation(),
        };
        self.tell(Report::Stats(Box::new(report)));
    }

    /// Tells that the file of events cannot be written, and when it can be again.
    pub fn look_at_file(&mut self) {
        let Some(file) = &mut self.file else { return };
        let path = file.path().display().to_string();
        match file.news() {
            Some(FileNews::Trouble { error }) => {
                let message = format!("cannot write events to {path}: {error}");
                self.state(StateEvent::NoEventFile, message);
            }
            Some(FileNews::Mended { missing }) => {
                let message = format!("events are written to {path} again; missing: {missing}");
                self.state(StateEvent::EventFileBack, message);
            }
            None => {}
        }
    }

    /// Tells what was lost since it was last told, if anything was.
    pub fn losses(&mut self, kernel: &Stats) {
        let in_kernel = kernel.events_lost.saturating_sub(self.told_kernel);
        let in_output = self.sink.lost() - self.told_output;
        let file_lost = self.file_lost();
        let in_file = file_lost - self.told_file;
        if in_kernel == 0 && in_output == 0 && in_file == 0 {
            return;
        }
        let lost_before = self.sink.lost();
        let report = LostReport {
            time: WallClock::now().wall(),
            interface: self.names.interface.clone(),
            kernel: in_kernel,
            output: in_output,
            file: in_file,
        };
        self.tell(Report::Lost(report));
        // The reader may be so slow that even this line is lost; then it is told next time.
        if self.sink.lost() == lost_before {
            self.told_kernel = kernel.events_lost;
            self.told_output = lost_before;
            self.told_file = file_lost;
        }
    }

    /// Reports that the reader was too slow for.
    pub fn lost(&self) -> u64 {
        self.sink.lost()
    }

    /// Events that are missing in their file.
    pub fn file_lost(&self) -> u64 {
        self.file.as_ref().map_or(0, EventFile::lost)
    }

    /// Lets the readers catch up, each for a while.
    pub fn wait_for_room(&self, patience: Duration) {
        self.sink.wait_for_room(patience);
        if let Some(file) = &self.file {
            file.wait_for_room(patience);
        }
    }

    /// Writes what is waiting.
    pub fn finish(self, patience: Duration) {
        self.sink.finish(patience);
        if let Some(file) = self.file {
            file.finish(patience);
        }
    }
}
