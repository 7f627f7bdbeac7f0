//! What operators change at run time: blocks, exceptions, lockdowns. They come on top of the configuration, end by
//! themselves or when they are taken back, and outlive the daemon.
//!
//! [`Book`] is pure: it is told the time, and says what is in force. Who keeps it writes it down as a [`crate::kept_file`].

mod danger;
#[cfg(test)]
mod tests;

pub use danger::danger;

use crate::config::Config;
use crate::control::{Change, ChangeKind, NewChange, Refusal, RefusalKind};
use crate::policy::{Effect, Network, Overlay, Override};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Where they are written down, if the configuration does not say.
pub const DEFAULT_PATH: &str = "/var/lib/exitguard/changes.json";

/// Changes at once. What is to stay belongs into the configuration or a list.
pub const MAX_CHANGES: usize = 256;
/// Bytes of a comment.
pub const MAX_COMMENT: usize = 200;
/// No change lasts longer, unless it lasts until it is taken back: ten years.
const LONGEST: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

/// Everything that was changed and is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Number of the next change.
    next: u32,
    /// By number.
    changes: Vec<Change>,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            next: 1,
            changes: Vec::new(),
        }
    }
}

impl Book {
    /// Everything in force, by number.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Adds a change, or gives one that says the same another end.
    ///
    /// # Errors
    /// When it makes no sense, or would cut what must not be cut.
    pub fn add(
        &mut self,
        new: &NewChange,
        by: &str,
        config: &Config,
        network: &Network,
        now: Timestamp,
    ) -> Result<Change, Refusal> {
        let mut change = self.read(new, by, config, now)?;
        self.contradicts(&change)?;
        if !new.force
            && let Some(why) = danger(&change, network, new.session)
        {
            return Err(refusal(RefusalKind::Dangerous, why));
        }
        let same = self.changes.iter_mut().find(|known| {
            known.kind == change.kind
                && known.destination == change.destination
                && known.clients == change.clients
        });
        if let Some(known) = same {
            change.id = known.id;
            known.clone_from(&change);
            return Ok(change);
        }
        if self.changes.len() >= MAX_CHANGES {
            let why = format!(
                "there are {MAX_CHANGES} changes already; put what is to stay into the configuration or a list"
            );
            return Err(refusal(RefusalKind::Failed, why));
        }
        change.id = self.next;
        self.next += 1;
        self.changes.push(change.clone());
        Ok(change)
    }

    /// Takes a change back.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn remove(&mut self, id: u32) -> Result<Change, Refusal> {
        let place = self.changes.iter().position(|change| change.id == id);
        match place {
            Some(place) => Ok(self.changes.remove(place)),
            None => {
                let why = format!("no change in force has the number {id}");
                Err(refusal(RefusalKind::NotFound, why))
            }
        }
    }

    /// Removes what is over.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Change> {
        let is_over = |change: &mut Change| change.until.is_some_and(|until| until <= now);
        self.changes.extract_if(.., is_over).collect()
    }

    /// When the next change is over.
    pub fn next_end(&self) -> Option<Timestamp> {
        self.changes.iter().filter_map(|change| change.until).min()
    }

    /// Looks up the names of clients again: a configuration may give them other addresses. Who is not in it any more
    /// keeps the addresses they had. True if anything is different now.
    pub fn look_up(&mut self, config: &Config) -> bool {
        let mut is_changed = false;
        for change in &mut self.changes {
            let named = change.client.as_ref().and_then(|name| {
                let clients = config.clients.iter();
                clients.into_iter().find(|client| client.name == *name)
            });
            if let Some(client) = named
                && client.prefixes != change.clients
            {
                change.clients.clone_from(&client.prefixes);
                is_changed = true;
            }
        }
        is_changed
    }

    /// The same for the policy.
    pub fn overlay(&self) -> Overlay {
        let overrides = self.changes.iter().filter_map(|change| {
            let effect = match (change.kind, change.destination) {
                (ChangeKind::Block, Some(net)) => Effect::Block(net),
                (ChangeKind::Allow, Some(net)) => Effect::Allow(net),
                (ChangeKind::Lockdown, _) => Effect::Lockdown,
                // Never added.
                (ChangeKind::Block | ChangeKind::Allow, None) => return None,
            };
            let clients = change.clients.clone();
            Some(Override { effect, clients })
        });
        Overlay::new(overrides.collect())
    }

    fn read(
        &self,
        new: &NewChange,
        by: &str,
        config: &Config,
        now: Timestamp,
    ) -> Result<Change, Refusal> {
        let senseless = |why: String| refusal(RefusalKind::BadRequest, why);
        let destination = match (new.kind, &new.destination) {
            (ChangeKind::Lockdown, None) => None,
            (ChangeKind::Lockdown, Some(_)) => {
                let why = "a lockdown is of a client, whatever the destination";
                return Err(senseless(why.to_owned()));
            }
            (_, Some(text)) => Some(network(text).ok_or_else(|| {
                senseless(format!(
                    "\"{}\" is no destination: an address or a prefix, as in 203.0.113.7 or 2001:db8::/32",
                    text.escape_debug()
                ))
            })?),
            (kind, None) => return Err(senseless(format!("{} what?", kind.name()))),
        };
        let clients = match &new.client {
            None => Vec::new(),
            Some(client) => clients(client, config)?,
        };
        let until = match new.seconds {
            None => None,
            Some(seconds) => {
                let seconds = i64::try_from(seconds).ok().map(SignedDuration::from_secs);
                let lasting = seconds.filter(|time| time.is_positive() && *time <= LONGEST);
                let until = lasting.and_then(|time| now.checked_add(time).ok());
                let why = "it has to last for a second to ten years";
                Some(until.ok_or_else(|| senseless(why.to_owned()))?)
            }
        };
        if new.comment.len() > MAX_COMMENT {
            let why = format!("a comment has at most {MAX_COMMENT} bytes");
            return Err(senseless(why));
        }
        Ok(Change {
            id: 0,
            kind: new.kind,
            destination,
            client: new.client.clone(),
            clients,
            since: now,
            until,
            by: by.to_owned(),
            comment: new.comment.clone(),
        })
    }

    /// An exception from a block would do nothing.
    fn contradicts(&self, change: &Change) -> Result<(), Refusal> {
        let (ChangeKind::Allow, Some(net)) = (change.kind, change.destination) else {
            return Ok(());
        };
        let block = self.changes.iter().find(|known| {
            known.kind == ChangeKind::Block
                && known
                    .destination
                    .is_some_and(|blocked| blocked.contains(&net))
                && (known.clients.is_empty() || known.clients == change.clients)
        });
        block.map_or(Ok(()), |block| {
            let why = format!(
                "block {} of {net} comes before exceptions; take it back first",
                block.id
            );
            Err(refusal(RefusalKind::BadRequest, why))
        })
    }
}

fn refusal(kind: RefusalKind, message: String) -> Refusal {
    Refusal { kind, message }
}

/// An address or a prefix; of a prefix, the network.
pub fn network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let prefix = || text.parse::<IpNet>().ok().map(|net| net.trunc());
    address().or_else(prefix)
}

fn clients(client: &str, config: &Config) -> Result<Vec<IpNet>, Refusal> {
    let named = config.clients.iter().find(|known| known.name == client);
    if let Some(known) = named {
        return Ok(known.prefixes.clone());
    }
    let net = network(client).ok_or_else(|| {
        let names: Vec<&str> = config
            .clients
            .iter()
            .map(|client| client.name.as_str())
            .collect();
        let known = match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        let why = format!(
            "\"{}\" is no address and no client of the configuration (clients: {known})",
            client.escape_debug()
        );
        refusal(RefusalKind::NotFound, why)
    })?;
    Ok(vec![net])
}
