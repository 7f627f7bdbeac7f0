//! Asks the daemon, on a thread of its own, and does what is wished.

use super::input::{Input, Refused, Wish};
use crate::control::{Changed, Client, ClientError, NewChange};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often the daemon is asked.
const INTERVAL: Duration = Duration::from_secs(1);
/// Up to so many flows are asked for as often.
const FEW: usize = 2_000;
/// So many take about 20 ms of processor time, which is to be 2 % at most.
const A_SECONDS_WORTH: usize = 10_000;

/// Looks whether the interface is guarded; nothing if that cannot be known.
pub type Guarded = Box<dyn Fn() -> Option<bool> + Send>;

/// What the thread is to do.
#[derive(Debug)]
pub(super) enum Order {
    Wish(Wish),
    WantFlows(bool),
}

/// The thread. It ends with this value, and nobody waits for it.
pub(super) struct Worker {
    orders: Sender<Order>,
}

impl Worker {
    pub(super) fn start(
        socket: PathBuf,
        session: Option<IpAddr>,
        guarded: Guarded,
        inputs: SyncSender<Input>,
    ) -> io::Result<Self> {
        let (orders, received) = channel();
        let asking = Asking {
            socket,
            session,
            guarded,
            inputs: Inputs(inputs),
            client: None,
            wants_flows: true,
            flows_due: Instant::now(),
        };
        thread::Builder::new()
            .name("top-asks".to_owned())
            .spawn(move || asking.run(&received))?;
        Ok(Self { orders })
    }

    pub(super) fn order(&self, order: Order) {
        // A thread that hears nothing has ended, and said so.
        let _ = self.orders.send(order);
    }
}

/// Says when its thread is gone.
struct Inputs(SyncSender<Input>);

impl Drop for Inputs {
    fn drop(&mut self) {
        let _ = self.0.send(Input::Broken);
    }
}

/// Nobody wants to know any more.
struct Ended;

impl Inputs {
    fn send(&self, input: Input) -> Result<(), Ended> {
        self.0.send(input).map_err(|_| Ended)
    }
}

struct Asking {
    socket: PathBuf,
    session: Option<IpAddr>,
    guarded: Guarded,
    inputs: Inputs,
    client: Option<Client>,
    wants_flows: bool,
    flows_due: Instant,
}

impl Asking {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let next = Instant::now() + INTERVAL;
            if self.look().is_err() {
                return;
            }
            let left = next.saturating_duration_since(Instant::now());
            match orders.recv_timeout(left) {
                Ok(Order::WantFlows(wanted)) => self.wants_flows = wanted,
                Ok(Order::Wish(wish)) => {
                    let result = self.wish(&wish);
                    if self.inputs.send(Input::Answered(wish, result)).is_err() {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // What came of it is to be seen at once.
            self.flows_due = Instant::now();
        }
    }

    fn look(&mut self) -> Result<(), Ended> {
        match self.ask() {
            Ok(inputs) => inputs
                .into_iter()
                .try_for_each(|input| self.inputs.send(input)),
            Err(error) => {
                self.client = None;
                let guarded = (self.guarded)();
                let why = error.to_string();
                self.inputs.send(Input::Lost { why, guarded })
            }
        }
    }

    fn ask(&mut self) -> Result<Vec<Input>, ClientError> {
        let client = connected(&mut self.client, &self.socket)?;
        let mut inputs = vec![
            Input::Status(Box::new(client.status()?)),
            Input::Changes(client.changes()?),
        ];
        if self.wants_flows && Instant::now() >= self.flows_due {
            let asked = Instant::now();
            let flows = client.flows()?;
            // A little earlier than a look, which is never exactly on time.
            self.flows_due = asked + interval(flows.flows.len()) - INTERVAL / 2;
            inputs.push(Input::Flows(flows));
        }
        Ok(inputs)
    }

    fn wish(&mut self, wish: &Wish) -> Result<Box<Changed>, Refused> {
        let result = connected(&mut self.client, &self.socket).and_then(|client| match wish {
            Wish::Change(change) => client.change(NewChange {
                session: self.session,
                ..change.clone()
            }),
            Wish::Revert(id) => client.revert(*id),
        });
        match result {
            Ok(changed) => Ok(Box::new(changed)),
            Err(ClientError::Refused(refusal)) => Err(Refused {
                kind: Some(refusal.kind),
                message: refusal.message,
            }),
            Err(error) => {
                self.client = None;
                Err(Refused {
                    kind: None,
                    message: error.to_string(),
                })
            }
        }
    }
}

/// How often so many flows are asked for.
fn interval(flows: usize) -> Duration {
    if flows <= FEW {
        return INTERVAL;
    }
    let looks = flows.div_ceil(A_SECONDS_WORTH).max(2);
    INTERVAL * u32::try_from(looks).unwrap_or(u32::MAX)
}

fn connected<'a>(
    client: &'a mut Option<Client>,
    socket: &Path,
) -> Result<&'a mut Client, ClientError> {
    match client {
        Some(client) => Ok(client),
        None => Ok(client.insert(Client::connect(socket)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_flows_there_are_the_less_often_they_are_asked_for() {
        for (flows, seconds) in [
            (0, 1),
            (2_000, 1),
            (2_001, 2),
            (20_000, 2),
            (20_001, 3),
            (131_072, 14),
        ] {
            assert_eq!(interval(flows), Duration::from_secs(seconds), "{flows}");
        }
    }
}
