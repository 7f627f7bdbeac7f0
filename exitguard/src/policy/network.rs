//! Where this host is.

use ipnet::IpNet;
use std::fmt::Display;
use std::net::IpAddr;

/// What this host is attached to. Addresses change while the guard runs, so this is not configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Every address of this host.
    pub addresses: Vec<IpAddr>,
    /// Networks that its other interfaces are attached to.
    pub on_link: Vec<IpNet>,
    /// Where its default routes lead to.
    pub gateways: Vec<IpAddr>,
    /// Whom it asks for names.
    pub resolvers: Vec<IpAddr>,
    /// Tailscale's relays, as far as they are known.
    pub relays: Vec<IpAddr>,
}

/// More of them are only counted.
const MOST_TOLD: usize = 4;

impl Network {
    /// What is new in another one, and what is gone; in words.
    pub fn difference(&self, other: &Self) -> String {
        let mut words = Vec::new();
        let mut tell = |what: &str, new: Vec<String>, gone: Vec<String>| {
            let new = new.into_iter().map(|one| format!("{what}{one} is new"));
            words.extend(new);
            let gone = gone.into_iter().map(|one| format!("{what}{one} is gone"));
            words.extend(gone);
        };
        let hosts = [
            ("", &self.addresses, &other.addresses),
            ("gateway ", &self.gateways, &other.gateways),
            ("resolver ", &self.resolvers, &other.resolvers),
            ("relay ", &self.relays, &other.relays),
        ];
        for (what, before, after) in hosts {
            tell(what, missing(after, before), missing(before, after));
        }
        let (before, after) = (&self.on_link, &other.on_link);
        tell("network ", missing(after, before), missing(before, after));
        let rest = words.len().saturating_sub(MOST_TOLD);
        words.truncate(MOST_TOLD);
        if rest > 0 {
            words.push(format!("and {rest} more"));
        }
        words.join(", ")
    }
}

/// Those of `these` that are not among the others.
fn missing<T: Display + PartialEq>(these: &[T], others: &[T]) -> Vec<String> {
    let missing = these.iter().filter(|one| !others.contains(one));
    missing.map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(addresses: &[&str], on_link: &[&str], resolvers: &[&str]) -> Network {
        Network {
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            on_link: on_link.iter().map(|text| text.parse().unwrap()).collect(),
            resolvers: resolvers.iter().map(|text| text.parse().unwrap()).collect(),
            ..Network::default()
        }
    }

    #[test]
    fn a_difference_is_what_is_new_and_what_is_gone() {
        let before = network(&["192.0.2.1", "192.0.2.2"], &["192.0.2.0/24"], &[]);
        let after = network(
            &["192.0.2.2", "2001:db8::1"],
            &["192.0.2.0/24"],
            &["192.0.2.53"],
        );
        assert_eq!(
            before.difference(&after),
            "2001:db8::1 is new, 192.0.2.1 is gone, resolver 192.0.2.53 is new"
        );
        assert_eq!(before.difference(&before), "");
    }

    #[test]
    fn of_a_large_difference_the_first_are_named() {
        let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
        let after = network(&addresses, &["192.0.2.0/24"], &["192.0.2.53"]);
        assert_eq!(
            Network::default().difference(&after),
            "192.0.2.1 is new, 192.0.2.2 is new, 192.0.2.3 is new, 192.0.2.4 is new, and 2 more"
        );
    }
}
