//! From the files to a policy in force.

use super::desired::{Desired, PolicyFiles};
use super::error::DaemonError;
use super::reporter::Reporter;
use super::search::Search;
use super::status::{Inquiries, not_here, waiting};
use super::supervisor::{
    LAST_REPORTS, LOOK_PERIOD, Supervisor, needs_restart, observed_before, one_line,
};
use super::systemd;
use crate::audit::{Action, AuditLog, Entry, Via};
use crate::config::{Fail, Interface};
use crate::control::{Changes, Flow, Flows, Inquiry, RefusalKind, Reply, Request, Server};
use crate::datapath::{Environment, keep_no_long_buffers};
use crate::diagnostic::Diagnostic;
use crate::host::{self, Device};
use crate::metrics;
use crate::output::{EventFile, Sink, StateEvent};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc::Receiver;

/// What the daemon can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read the policy's files again.
    Reload,
    /// End. What is in force stays.
    Stop,
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The policy.
    pub files: PolicyFiles,
    /// Wait for the interface when it is not there.
    pub wait: bool,
    /// Answer questions at the socket that the configuration names.
    pub answer: bool,
    /// Called with warnings about the policy's files.
    pub warn: fn(&[Diagnostic]),
}

impl Settings {
    /// What is put in force, for the audit log.
    pub(super) fn what(&self) -> impl Serialize {
        json!({ "config": self.files.config })
    }

    /// For the audit log: the files are read again.
    pub(super) fn reload(&self) -> Entry {
        Entry::own(Via::Signal, Action::Reload).what(self.what())
    }
}

/// Runs until it is told to stop. `sink` gets the reports.
///
/// # Errors
/// When it cannot start. Once a policy is in force, trouble is reported and lived with.
pub async fn run(
    settings: Settings,
    commands: Receiver<Command>,
    sink: Sink,
) -> Result<(), DaemonError> {
    keep_no_long_buffers();
    let desired = settings.files.read()?;
    (settings.warn)(&desired.warnings);
    Environment::check()?;
    let inquiries = Inquiries::new();
    let socket = Some(&desired.config.socket).filter(|_| settings.answer);
    let mut reporter = Reporter::new(sink, name(&desired), desired.config.mode.name());
    if settings.answer {
        reporter.set_audit(AuditLog::new(desired.config.audit.clone()));
    }
    if let Some(path) = &desired.config.events.file {
        let file = EventFile::start(path.clone()).map_err(DaemonError::Wait)?;
        reporter.set_file(file);
    }
    let server = socket.map(|path| Server::start(path, inquiries.sender(), reporter.following()));
    let metrics = desired.config.metrics.as_ref();
    let metrics = metrics.filter(|_| settings.answer);
    let metrics = metrics.map(|at| metrics::Server::start(at, inquiries.sender()));
    let mut start = Start {
        search: Search::new()?,
        reporter,
        settings,
        desired,
        commands,
        inquiries,
        started: Timestamp::now(),
        reload_error: None,
    };
    let Some(device) = start.device().await? else {
        start.reporter.finish(LAST_REPORTS);
        return Ok(());
    };
    let Start {
        settings,
        desired,
        search,
        reporter,
        commands,
        inquiries,
        started,
        ..
    } = start;
    let supervisor = Supervisor::start(settings, desired, device, search, reporter, started);
    let mut supervisor = supervisor.await?;
    if let Some(Err(error)) = &server {
        // To guard without answering is better than not to guard.
        supervisor.tell(StateEvent::NoSocket, error.to_string());
    }
    if let Some(Err(error)) = &metrics {
        supervisor.tell(StateEvent::NoMetrics, error.to_string());
    }
    let result = supervisor.run(commands, inquiries).await;
    drop((server, metrics));
    result
}

/// The interface, as far as it is known without looking.
fn name(desired: &Desired) -> String {
    match &desired.config.interface {
        Interface::Named(name) => name.clone(),
        Interface::Auto => "auto".to_owned(),
    }
}

/// Before anything is in force.
struct Start {
    settings: Settings,
    desired: Desired,
    search: Search,
    reporter: Reporter,
    commands: Receiver<Command>,
    inquiries: Inquiries,
    started: Timestamp,
    reload_error: Option<String>,
}

impl Start {
    /// The device to guard; `None` when told to stop while waiting for it.
    async fn device(&mut self) -> Result<Option<Device>, DaemonError> {
        let mut has_told = false;
        loop {
            let (devices, addresses) = self.search.look().await?;
            let config = &self.desired.config;
            let why = match host::select(&devices, &addresses, &config.interface, config.attach) {
                Ok(device) => return Ok(Some(device)),
                Err(error) if self.settings.wait && error.is_absence() => error.to_string(),
                Err(error) => return Err(error.into()),
            };
            if !has_told {
                self.begin_to_wait(&why).await;
                has_told = true;
            }
            systemd::alive();
            self.reporter.look_at_file();
            tokio::select! {
                () = self.search.changed() => {}
                () = tokio::time::sleep(LOOK_PERIOD) => {}
                command = self.commands.recv() => match command {
                    Some(Command::Reload) => self.reload(),
                    Some(Command::Stop) | None => return Ok(None),
                },
                inquiry = self.inquiries.next() => self.answer(inquiry, why),
            }
        }
    }

    async fn begin_to_wait(&mut self, why: &str) {
        self.reporter.state(StateEvent::Waiting, why);
        systemd::ready(&format!("waiting: {why}"));
        // Closed before the interface is there, so that nothing passes before the programs are.
        let config = &self.desired.config;
        if let (Fail::Closed, Interface::Named(name)) = (config.fail, &config.interface)
            && let Err(error) = self.search.keep_gate(config.fail, name).await
        {
            self.reporter.state(StateEvent::NoGate, error.to_string());
        }
    }

    /// What is waited with is what will be put in force.
    fn reload(&mut self) {
        self.reporter.reopen();
        let refused = match self.settings.files.read_again(&self.desired) {
            Ok(desired) => match needs_restart(&self.desired.config, &desired.config) {
                None => {
                    (self.settings.warn)(&desired.warnings);
                    self.desired = desired;
                    self.reload_error = None;
                    let message = "read again; it will be in force when the interface is there";
                    self.reporter.state(StateEvent::Reloaded, message);
                    self.reporter.audit(&self.settings.reload());
                    return;
                }
                Some(why) => why,
            },
            Err(error) => one_line(&error),
        };
        self.reporter
            .state(StateEvent::ReloadFailed, refused.as_str());
        let entry = self.settings.reload().failed(refused.as_str());
        self.reporter.audit(&entry);
        self.reload_error = Some(refused);
    }

    fn answer(&self, inquiry: Inquiry, why: String) {
        let Inquiry { request, reply, .. } = inquiry;
        let answer = match request {
            Request::Status => {
                let mut status = waiting(&self.desired, &name(&self.desired), self.started, why);
                status.reload_error = self.reload_error.clone();
                Reply::ok(&status)
            }
            Request::Flows => Reply::ok(&Flows::<Vec<Flow>> {
                time: Timestamp::now(),
                flows: Vec::new(),
            }),
            Request::Observed => observed_before(&self.settings, &self.desired.config),
            Request::Changes => Reply::ok(&Changes::default()),
            Request::Change(_)
            | Request::Revert { .. }
            | Request::Apply(_)
            | Request::Confirm
            | Request::RollBack => Reply::error(RefusalKind::Failed, why),
            Request::Watch(_) => not_here(),
        };
        // Whoever asked may have gone meanwhile.
        let _ = reply.send(answer.into());
    }
}
