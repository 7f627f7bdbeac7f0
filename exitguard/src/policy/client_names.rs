//! Who an address is.

use crate::config::Client;
use ipnet::IpNet;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// Names of clients by address; the longest prefix wins.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientNames {
    names: HashMap<IpNet, Arc<str>>,
    /// Of the prefixes: few, however many clients there are.
    lengths: BTreeSet<u8>,
}

impl ClientNames {
    pub(super) fn new(clients: &[Client]) -> Self {
        let mut names = Self::default();
        for client in clients {
            let name: Arc<str> = client.name.as_str().into();
            for prefix in &client.prefixes {
                names.lengths.insert(prefix.prefix_len());
                names.names.insert(*prefix, Arc::clone(&name));
            }
        }
        names
    }

    pub(super) fn of(&self, addr: IpAddr) -> Option<&Arc<str>> {
        self.lengths.iter().rev().find_map(|length| {
            // No IPv4 prefix is as long as some of IPv6.
            let prefix = IpNet::new(addr, *length).ok()?;
            self.names.get(&prefix.trunc())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::diagnostic::SourceFile;

    #[test]
    fn the_longest_prefix_names_the_client() {
        let text = r#"
            mode = "observe"
            egress = { tcp = [], udp = [] }
            [[client]]
            name = "all"
            match = ["100.64.0.0/10", "fd7a:115c:a1e0::/48"]
            [[client]]
            name = "web1"
            match = ["100.64.0.9", "fd7a:115c:a1e0::9"]
        "#;
        let config = parse(&SourceFile::new("a.toml", text)).unwrap().config;
        let names = ClientNames::new(&config.clients);
        for (addr, name) in [
            ("100.64.0.9", Some("web1")),
            ("100.64.0.8", Some("all")),
            ("fd7a:115c:a1e0::9", Some("web1")),
            ("fd7a:115c:a1e0::8", Some("all")),
            ("192.0.2.1", None),
            ("2001:db8::9", None),
        ] {
            let addr = addr.parse().unwrap();
            assert_eq!(names.of(addr).map(AsRef::as_ref), name, "{addr}");
            let configured = config.client_of(addr).map(|client| client.name.as_str());
            assert_eq!(configured, name, "{addr}");
        }
    }
}
