//! The precedence a second time: word by word from its documentation, with no tables, and slow.

use super::*;
use exitguard_common::abi::{Reason, RuleId, Verdict};
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) struct Oracle<'a> {
    pub(super) config: &'a Config,
    pub(super) lists: &'a [LoadedList],
    pub(super) network: &'a Network,
}

impl Oracle<'_> {
    pub(super) fn decide(&self, probe: &Probe) -> Decision {
        let decision = self.judge(probe);
        match (self.config.mode, decision.verdict) {
            (Mode::Observe, Verdict::Deny) => Decision {
                verdict: Verdict::WouldDeny,
                ..decision
            },
            _ => decision,
        }
    }

    fn judge(&self, probe: &Probe) -> Decision {
        let (id, rule) = self.rule_of(probe.client);
        let deny = |reason| denial(reason, id, rule);
        // 1. Lockdown of the client: only established flows to this host pass.
        if rule.lockdown {
            return if probe.established && self.is_host(probe.remote) {
                Decision::allow(Reason::Host, RuleId::HOST)
            } else {
                Decision::drop(Reason::Lockdown, id)
            };
        }
        // 2. Exempt.
        if is_exempt(probe) {
            return Decision::allow(Reason::Exempt, id);
        }
        // 3. Replies; this host and the tailnet.
        if probe.origin == Origin::Remote {
            return Decision::allow(Reason::Reply, id);
        }
        if self.is_host(probe.remote) || self.is_tailnet(probe.remote) {
            return match allowlist(&self.config.host, probe) {
                (true, _) => Decision::allow(Reason::Host, RuleId::HOST),
                (false, reason) => denial(reason, RuleId::HOST, &self.config.host),
            };
        }
        // 5. Allowed destinations skip 6 and 7.
        let allowed = holds(&self.config.allow, probe.remote);
        // 6. Blocklists that apply.
        let on_list = |action| {
            let mut hits = self.hits(rule, probe.remote);
            !allowed && hits.any(|list| list.action == action)
        };
        if on_list(ListAction::Deny) {
            return deny(Reason::Blocklist);
        }
        // 7. LAN guard.
        if !allowed && self.is_lan(probe.remote) && !rule.lan {
            return deny(Reason::Lan);
        }
        // 8. The allowlist of the rule; what it lets pass may have been noted in 6.
        match allowlist(rule, probe) {
            (false, reason) => deny(reason),
            (true, _) if on_list(ListAction::Observe) => Decision {
                verdict: Verdict::WouldDeny,
                ..deny(Reason::Blocklist)
            },
            (true, reason) => Decision::allow(reason, id),
        }
    }

    /// The rule of the client with the longest prefix, else that of `[egress]`.
    fn rule_of(&self, client: IpAddr) -> (RuleId, &RuleSpec) {
        let candidates = self.config.clients.iter().zip(2..);
        candidates
            .flat_map(|(owner, id)| owner.prefixes.iter().map(move |prefix| (prefix, id, owner)))
            .filter(|(prefix, ..)| prefix.contains(&client))
            .max_by_key(|(prefix, ..)| prefix.prefix_len())
            .map_or((RuleId::EGRESS, &self.config.egress), |(_, id, owner)| {
                (RuleId(id), &owner.rule)
            })
    }

    /// The list to name: the first that applies and holds the address, of those that deny if there is one.
    pub(super) fn first_hit(&self, id: RuleId, addr: IpAddr) -> Option<&LoadedList> {
        let rule = match id {
            RuleId::HOST => &self.config.host,
            RuleId::EGRESS => &self.config.egress,
            RuleId(client) => &self.config.clients[usize::from(client) - 2].rule,
        };
        let first = |action| {
            let mut hits = self.hits(rule, addr);
            hits.find(|list| list.action == action)
        };
        first(ListAction::Deny).or_else(|| first(ListAction::Observe))
    }

    /// The lists that apply and hold an address.
    fn hits(&self, rule: &RuleSpec, addr: IpAddr) -> impl Iterator<Item = &LoadedList> {
        let applies = |bit: usize| rule.lists >> bit & 1 != 0;
        let lists = self.lists.iter().enumerate();
        lists
            .filter(move |(bit, list)| applies(*bit) && longest_entry(list, addr).is_some())
            .filter(move |_| !self.is_never_blocked(addr))
            .map(|(_, list)| list)
    }

    /// Not in [`is_tailnet`](Self::is_tailnet): a network of this host in the tailnet's range.
    fn is_never_blocked(&self, addr: IpAddr) -> bool {
        let Network {
            addresses,
            on_link,
            gateways,
            resolvers,
            relays,
        } = self.network;
        let single = [addresses, gateways, resolvers, relays];
        let is_needed = single.iter().any(|addrs| addrs.contains(&addr)) && !addr.is_loopback();
        let tailscale = [
            "192.200.0.0/24",
            "199.165.136.0/24",
            "2606:b740:49::/48",
            "2606:b740:1::/48",
        ];
        let is_tailscale = tailscale
            .iter()
            .any(|net| net.parse::<IpNet>().unwrap().contains(&addr));
        is_needed || is_tailscale || in_tailnet_range(addr) || holds(on_link, addr)
    }

    fn is_host(&self, addr: IpAddr) -> bool {
        self.network.addresses.contains(&addr)
    }

    fn is_tailnet(&self, addr: IpAddr) -> bool {
        in_tailnet_range(addr) && !holds(&self.network.on_link, addr)
    }

    fn is_lan(&self, addr: IpAddr) -> bool {
        holds(&self.network.on_link, addr) || is_private(addr) && !in_tailnet_range(addr)
    }
}

/// The most specific entry of a list for an address.
pub(super) fn longest_entry(list: &LoadedList, addr: IpAddr) -> Option<IpNet> {
    if holds(&nets_of(&list.left_out), addr) {
        return None;
    }
    nets_of(&list.entries)
        .into_iter()
        .filter(|entry| entry.contains(&addr))
        .max_by_key(IpNet::prefix_len)
}

fn nets_of(entries: &Entries) -> Vec<IpNet> {
    let v4 = entries.v4().map(IpNet::V4);
    v4.chain(entries.v6().map(IpNet::V6)).collect()
}

fn denial(reason: Reason, id: RuleId, rule: &RuleSpec) -> Decision {
    Decision {
        reject: rule.on_deny == OnDeny::Reject,
        ..Decision::drop(reason, id)
    }
}

fn holds(prefixes: &[IpNet], addr: IpAddr) -> bool {
    prefixes.iter().any(|prefix| prefix.contains(&addr))
}

fn in_tailnet_range(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => matches!(addr.octets(), [100, 64..=127, ..]),
        IpAddr::V6(addr) => matches!(addr.segments(), [0xfd7a, 0x115c, 0xa1e0, ..]),
    }
}

fn is_private(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => {
            addr.is_private() || addr.is_loopback() || addr.is_link_local() || addr.octets()[0] == 0
        }
        IpAddr::V6(addr) => {
            addr.is_loopback() || addr.is_unique_local() || addr.is_unicast_link_local()
        }
    }
}

fn is_exempt(probe: &Probe) -> bool {
    let magic_dns = [
        IpAddr::V4(Ipv4Addr::new(100, 100, 100, 100)),
        IpAddr::V6(Ipv6Addr::new(0xfd7a, 0x115c, 0xa1e0, 0, 0, 0, 0, 0x53)),
    ];
    matches!(
        probe.transport,
        Transport::IcmpError | Transport::NeighbourDiscovery
    ) || probe.remote.is_multicast()
        || probe.remote == IpAddr::V4(Ipv4Addr::BROADCAST)
        || magic_dns.contains(&probe.remote)
        || magic_dns.contains(&probe.client)
}

fn allowlist(rule: &RuleSpec, probe: &Probe) -> (bool, Reason) {
    let later = probe.transport == Transport::LaterFragment;
    let ports = match (probe.transport, probe.protocol) {
        (Transport::Tcp, _) => &rule.tcp,
        (Transport::Udp, _) => &rule.udp,
        (Transport::Sctp, _) => &rule.sctp,
        (_, 6) if later => &rule.tcp,
        (_, 17) if later => &rule.udp,
        (_, 132) if later => &rule.sctp,
        (_, 1 | 58) if later => return (rule.icmp, Reason::Icmp),
        (Transport::Other | Transport::LaterFragment, protocol) => {
            let named = rule.protocols.iter().any(|named| named == protocol);
            return (named, Reason::Protocol);
        }
        _ => return (rule.icmp, Reason::Icmp),
    };
    match (later, ports.is_any()) {
        (false, _) => (ports.contains(probe.port), Reason::Port),
        (true, true) => (true, Reason::Port),
        (true, false) => (false, Reason::Fragment),
    }
}
