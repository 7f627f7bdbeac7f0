//! Questions about the guard, answered.

use super::Supervisor;
use super::device::not_there;
use crate::control::{Answer, Inquiry, Protection, RefusalKind, Reply, Request, Status};
use crate::daemon::error::DaemonError;
use crate::daemon::flows::Table;
use crate::daemon::sight::BLIND;
use crate::daemon::status::{count, not_here, protection, waiting};
use crate::datapath::{Attached, Hook};
use crate::host::Device;
use crate::output::WallClock;
use std::cell::RefCell;
use std::time::Instant;

impl Supervisor {
    pub(super) async fn answer(&mut self, inquiry: Inquiry) {
        let Inquiry {
            request,
            reply,
            peer,
        } = inquiry;
        let answer = match request {
            Request::Flows => return drop(reply.send(self.flows())),
            Request::Status => Reply::ok(&self.status().await),
            Request::Observed => return drop(reply.send(self.answer_observed())),
            Request::Watch(_) => not_here(),
            Request::Changes => Reply::ok(&self.changes()),
            Request::Change(new) => Reply::from_result(&self.change(&new, &peer)),
            Request::Apply(apply) => Reply::from_result(&self.apply(&apply, &peer)),
            Request::Confirm => Reply::from_result(&self.confirm(&peer)),
            Request::RollBack => Reply::from_result(&self.roll_back(Some(&peer))),
            Request::Revert { id } => Reply::from_result(&self.revert(id, &peer)),
        };
        // Whoever asked may have gone meanwhile.
        let _ = reply.send(answer.into());
    }

    fn flows(&mut self) -> Answer {
        let clock = WallClock::now();
        match self.guard.loaded().read_flows() {
            Ok(flows) => {
                let names = self.reporter.names().clone();
                Answer::later(move || {
                    let flows = RefCell::new(flows);
                    let table = Table {
                        flows,
                        names,
                        clock,
                    };
                    table.told()
                })
            }
            Err(error) => Reply::error(RefusalKind::Failed, error.to_string()).into(),
        }
    }

    async fn status(&mut self) -> Status {
        let setup = self.guard.setup().clone();
        let (protection, reason) = self.protection().await;
        let gate_closed = self.search.is_gate_closed(&setup.interface).await;
        let unguarded = self.exposure.total(Instant::now());
        let mut status = Status {
            device: Some(setup.index).filter(|_| protection != Protection::Waiting),
            attached_by: Some(self.guard.method().to_owned()),
            protection,
            reason,
            gate_closed: gate_closed.unwrap_or_default(),
            generation: self.guard.generation(),
            policy_since: Some(self.policy_since),
            reload_error: self.reload_error.clone(),
            trial_until: self.trial_until(),
            changes: self.book.changes().len(),
            unprotected_seconds: unguarded.as_secs_f64(),
            flows: self.tracker.len(),
            lost_output: self.reporter.lost(),
            lost_file: self.reporter.file_lost(),
            ..waiting(&self.desired, &setup.interface, self.started, String::new())
        };
        if let Ok(stats) = self.guard.loaded().stats() {
            count(&mut status, &stats);
        }
        for (list, (_, hits)) in status.lists.iter_mut().zip(self.list_hits()) {
            list.hits = hits;
        }
        status
    }

    /// Whether the programs are where they should be: asked of the kernel.
    async fn protection(&mut self) -> (Protection, Option<String>) {
        let setup = self.guard.setup().clone();
        let unprotected = |why: String| (Protection::Unprotected, Some(why));
        let devices = match self.search.look().await {
            Ok((devices, _)) => devices,
            Err(error) => return unprotected(error.to_string()),
        };
        let Some(device) = devices.iter().find(|device| device.name == setup.interface) else {
            let why = "the interface is gone; waiting for it to come back";
            return (Protection::Waiting, Some(why.to_owned()));
        };
        match self.missing(device).await {
            Ok(missing) if missing.is_empty() && self.sight.is_blind() => {
                unprotected(BLIND.to_owned())
            }
            Ok(missing) if missing.is_empty() => match self.flaw() {
                None => (protection(self.desired.config.mode), None),
                Some(why) => unprotected(why),
            },
            Ok(missing) => unprotected(not_there(&missing, &setup.interface)),
            Err(error) => unprotected(error.to_string()),
        }
    }

    /// The hooks of a device where our programs are not.
    pub(super) async fn missing(&mut self, device: &Device) -> Result<Vec<Hook>, DaemonError> {
        let others = self.search.programs(device.index).await?;
        let attached = Attached::on(device.index, &others)?;
        Ok(self.guard.missing(&attached)?)
    }
}
