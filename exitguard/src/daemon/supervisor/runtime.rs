//! Changes at run time: asked for, in force, over.

use super::Supervisor;
use crate::audit::{Action, Entry, Via};
use crate::changes::Book;
use crate::config::Config;
use crate::control::{Change, ChangeKind, Changed, Changes, NewChange, Peer, Refusal, RefusalKind};
use crate::daemon::start::Settings;
use crate::kept_file;
use crate::output::StateEvent;
use crate::policy::Overlay;
use exitguard_common::abi::{Origin, RuntimeFlags};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The clock of this machine may be set: looked at again after this long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// After the kernel refused to end what is over.
const TRY_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// What was in force when the last daemon ended, but for what is over. Who does not answer has nothing to do with it.
pub(super) fn open_book(settings: &Settings, config: &Config) -> (Book, Option<String>) {
    if !settings.answer {
        return (Book::default(), None);
    }
    let (book, trouble) = kept_file::take::<Book>(&config.changes);
    let mut book = book.unwrap_or_default();
    book.expire(Timestamp::now());
    book.look_up(config);
    (book, trouble)
}

/// Until a moment; for ever, if there is none.
pub(super) async fn until(moment: Option<Timestamp>) {
    let Some(moment) = moment else {
        return std::future::pending().await;
    };
    let left = moment.duration_since(Timestamp::now());
    let left = Duration::try_from(left).unwrap_or_default();
    tokio::time::sleep(left.min(LONGEST_WAIT)).await;
}

impl Supervisor {
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        let end = self.book.next_end()?;
        Some(self.end_not_before.map_or(end, |again| end.max(again)))
    }

    pub(super) fn changes(&self) -> Changes {
        Changes {
            changes: self.book.changes().to_vec(),
        }
    }

    /// Does what an operator asks for.
    pub(super) fn change(&mut self, new: &NewChange, peer: &Peer) -> Result<Changed, Refusal> {
        let action = match new.kind {
            ChangeKind::Block => Action::Block,
            ChangeKind::Allow => Action::Allow,
            ChangeKind::Lockdown => Action::Lockdown,
        };
        let entry = Entry::by(peer, action).what(new);
        let mut book = self.book.clone();
        let config = &self.desired.config;
        let added = book.add(new, &peer.name, config, &self.network, Timestamp::now());
        self.put_in_force(book, added, entry, &format!("{} asked for", peer.name))
    }

    /// Takes back what an operator asked for.
    pub(super) fn revert(&mut self, id: u32, peer: &Peer) -> Result<Changed, Refusal> {
        let entry = Entry::by(peer, Action::Revert);
        let mut book = self.book.clone();
        let removed = book.remove(id);
        let entry = match &removed {
            Ok(change) => entry.what(change),
            Err(_) => entry.what(id),
        };
        self.put_in_force(book, removed, entry, &format!("{} took back", peer.name))
    }

    fn put_in_force(
        &mut self,
        book: Book,
        change: Result<Change, Refusal>,
        entry: Entry,
        who: &str,
    ) -> Result<Changed, Refusal> {
        let before = self.guard.generation();
        let done = change.and_then(|change| {
            let was = self.book.overlay();
            let generation = self.use_book(book).map_err(|message| Refusal {
                kind: RefusalKind::Failed,
                message,
            })?;
            let flows = self.concerned(&was, &self.book.overlay());
            Ok((change, generation, flows))
        });
        match done {
            Ok((change, generation, flows)) => {
                let entry = entry.before(before).after(generation);
                self.reporter.audit(&entry);
                self.tell(StateEvent::Changed, format!("{who} {change}"));
                Ok(Changed {
                    change,
                    generation,
                    flows,
                    mode: self.desired.config.mode.name().to_owned(),
                })
            }
            Err(refusal) => {
                let entry = entry.before(before).failed(refusal.message.as_str());
                self.reporter.audit(&entry);
                Err(refusal)
            }
        }
    }

    /// Ends what is over.
    pub(super) fn end_changes(&mut self) {
        let mut book = self.book.clone();
        let over = book.expire(Timestamp::now());
        if over.is_empty() {
            return;
        }
        let before = self.guard.generation();
        let result = self.use_book(book);
        // What the kernel refuses is tried again, but not at once.
        self.end_not_before = match &result {
            Ok(_) => None,
            Err(_) => Timestamp::now().checked_add(TRY_AGAIN).ok(),
        };
        for change in over {
            let entry = Entry::own(Via::Expiry, Action::Expire).what(&change);
            let entry = entry.before(before);
            match &result {
                Ok(generation) => {
                    let entry = entry.after(*generation);
                    self.reporter.audit(&entry);
                    self.tell(StateEvent::Changed, format!("over: {change}"));
                }
                Err(why) => self.reporter.audit(&entry.failed(why.as_str())),
            }
        }
    }

    fn use_book(&mut self, book: Book) -> Result<u32, String> {
        let overlay = book.overlay();
        let generation = self
            .guard
            .change(&overlay)
            .map_err(|error| error.to_string())?;
        self.reporter.change(generation, overlay);
        self.policy_since = Timestamp::now();
        self.keep_book(book);
        Ok(generation)
    }

    /// What is in force is kept for the next daemon.
    pub(super) fn keep_book(&mut self, book: Book) {
        if book != self.book
            && let Err(error) = kept_file::save(&self.desired.config.changes, &book)
        {
            let message = format!("{error}; what was changed is in force until exitguard restarts");
            self.tell(StateEvent::NoChanges, message);
        }
        self.book = book;
    }

    /// How many open flows something else holds for now.
    fn concerned(&mut self, before: &Overlay, now: &Overlay) -> usize {
        let Ok(table) = self.guard.loaded().read_flows() else {
            return 0;
        };
        let of_clients = table
            .flatten()
            .filter(|(_, state)| state.origin() == Origin::Client && state.closed == 0);
        let flags = |overlay: &Overlay, (key, _): &(_, _)| {
            let key: &exitguard_common::abi::FlowKey = key;
            overlay.flags(key.client.into(), key.remote.into())
        };
        let differs = |flow: &_| -> bool {
            let both: [RuntimeFlags; 2] = [flags(before, flow), flags(now, flow)];
            both[0] != both[1]
        };
        of_clients.filter(differs).count()
    }
}
