//! Whose flows they are, and which of them are wanted.

use crate::changes;
use crate::config::Config;
use crate::control::{Observed, ObservedClient, ObservedRow};
use jiff::Timestamp;

/// What of the observations is wanted.
#[derive(Clone, Debug, Default)]
pub struct Select {
    /// Only what was seen since then.
    pub since: Option<Timestamp>,
    /// Only of this client: its address, a prefix, or its name.
    pub client: Option<String>,
}

impl Select {
    /// Leaves out what is not wanted.
    pub fn apply(&self, observed: &mut Observed) {
        let net = self.client.as_deref().and_then(changes::network);
        let is_wanted = |row: &ObservedRow| {
            let is_recent = self.since.is_none_or(|since| row.last >= since);
            let is_client = self.client.is_none()
                || self.client == row.client_name
                || net.is_some_and(|net| net.contains(&row.client));
            is_recent && is_client
        };
        observed.rows.retain(is_wanted);
        if let Some(since) = self.since {
            observed.since = observed.since.max(since);
        }
        let rows = &observed.rows;
        let is_seen = |name: &String| {
            rows.iter()
                .any(|row| row.client_name.as_ref() == Some(name))
        };
        observed.clients.retain(|client| is_seen(&client.name));
    }
}

impl Observed {
    /// Says who each client is.
    pub fn name(&mut self, config: &Config) {
        for row in &mut self.rows {
            let client = config.client_of(row.client);
            row.client_name = client.map(|client| client.name.clone());
        }
        let is_seen = |name: &String| {
            let mut rows = self.rows.iter();
            rows.any(|row| row.client_name.as_ref() == Some(name))
        };
        let clients = config.clients.iter();
        let seen = clients.filter(|client| is_seen(&client.name));
        self.clients = seen
            .map(|client| ObservedClient {
                name: client.name.clone(),
                prefixes: client.prefixes.clone(),
            })
            .collect();
    }
}
