//! Flows to ask the kernel about, to see that it decides as it was told to.

use super::tables::Compiled;
use exitguard_common::abi::{Addr, Decision, Direction, FlowKey, RuntimeFlags, V6Bits};
use exitguard_common::packet::{Transport, protocol};
use exitguard_common::policy::{self, Facts, Tables};
use exitguard_common::ranges::{Range, RangeTable, TableKey, V4};
use std::array;
use std::collections::HashSet;

/// Classes of which the first address is asked about, in each family.
const MOST_CLASSES: usize = 48;
/// Addresses spread over all of a family's ranges.
const SPREAD: usize = 16;
/// Spreads consecutive numbers over the ports: prime, and far from any power of two.
const STRIDE: u16 = 40_507;
/// What operators can say of a flow.
const SAYINGS: usize = 1 << RuntimeFlags::BITS;

/// Encapsulating Security Payload (RFC 4303): a protocol without ports that can be read.
const ESP: u8 = 50;
/// IP protocols and remote ports, in turn.
const KINDS: [(Transport, u8, Port); 5] = [
    (Transport::Tcp, protocol::TCP, Port::Known(443)),
    (Transport::Udp, protocol::UDP, Port::Known(53)),
    (Transport::Tcp, protocol::TCP, Port::Any),
    (Transport::Udp, protocol::UDP, Port::Any),
    (Transport::Other, ESP, Port::Known(0)),
];

#[derive(Clone, Copy)]
enum Port {
    Known(u16),
    /// Another one for each flow.
    Any,
}

/// A flow that its client opens, and what becomes of it under whatever operators say at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// The flow.
    pub flow: FlowKey,
    /// How it is read.
    pub transport: Transport,
    decisions: [Decision; SAYINGS],
}

impl Sampled {
    /// What becomes of it.
    pub fn decision(&self, RuntimeFlags(flags): RuntimeFlags) -> Decision {
        let decision = self.decisions.get(flags as usize);
        decision.copied().unwrap_or(policy::INTERNAL)
    }
}

impl Compiled {
    /// Flows to destinations of every class, up to a bound, and to some that are spread over the whole table.
    pub fn sample(&self) -> Vec<Sampled> {
        let mut sample = self.sample_of(&self.v4, |V4(bits)| Addr::from_v4(bits));
        sample.extend(self.sample_of(&self.v6, |bits: V6Bits| Addr::from_bits(bits)));
        sample
    }

    fn sample_of<K: TableKey>(
        &self,
        table: &RangeTable<K>,
        addr: impl Fn(K) -> Addr,
    ) -> Vec<Sampled> {
        let mut classes = HashSet::new();
        let firsts = table.iter().filter(|range| classes.insert(range.class));
        let firsts: Vec<Range<K>> = firsts.take(MOST_CLASSES).collect();
        let mut rules = HashSet::new();
        let is_of_new_rule = |range: &&Range<K>| {
            let class = self.class(range.class);
            class.is_some_and(|class| rules.insert(class.rule))
        };
        let clients: Vec<_> = firsts.iter().filter(is_of_new_rule).collect();
        let distance = (table.bounds().len() / SPREAD).max(1);
        let spread = table.iter().step_by(distance).map(|range| range.end);
        let remotes = firsts.iter().map(|range| range.start).chain(spread);
        let mut sample = Vec::new();
        for (position, (remote, client)) in remotes.zip(clients.iter().cycle()).enumerate() {
            // One further in each round, so that no client is always asked about in the same way.
            let round = position / clients.len().max(1);
            let Some(kind) = KINDS.get((position + round) % KINDS.len()) else {
                break;
            };
            let (transport, protocol, port) = *kind;
            let flow = FlowKey {
                client: addr(client.start),
                remote: addr(remote),
                client_port: 0,
                remote_port: match port {
                    Port::Known(port) => port,
                    Port::Any => (position as u16).wrapping_mul(STRIDE),
                },
                protocol: u32::from(protocol),
            };
            sample.push(self.sampled(flow, transport));
        }
        sample
    }

    fn sampled(&self, flow: FlowKey, transport: Transport) -> Sampled {
        // Looked up as the kernel does: of a range of IPv6 that reaches into the mapped addresses, these are IPv4's.
        let classes = (self.class_of(&flow.client), self.class_of(&flow.remote));
        let exempt = policy::is_exempt(&flow, transport, Direction::Outbound);
        let decisions = array::from_fn(|flags| {
            let facts = Facts {
                runtime: RuntimeFlags(flags as u32),
                ..Facts::new(&flow, transport, exempt)
            };
            match classes {
                (Some(client), Some(remote)) => policy::decide(self, client, remote, &facts),
                _ => policy::INTERNAL,
            }
        });
        Sampled {
            flow,
            transport,
            decisions,
        }
    }
}
