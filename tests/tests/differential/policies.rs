//! Random policies, as text.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use exitguard::policy::{Effect, Network, Overlay, Override};
use exitguard_tests::policy::Policy;
use ipnet::IpNet;

use crate::dice::Dice;

/// Where prefixes lie: beside, in and around what has a meaning of its own.
const PLACES_V4: [&str; 12] = [
    "0.0.0.0",
    "10.0.0.0",
    "100.64.0.0",
    "100.100.100.100",
    "100.127.255.252",
    "127.0.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.2.0",
    "192.168.0.0",
    "224.0.0.0",
    "255.255.255.252",
];
const PLACES_V6: [&str; 9] = [
    "::",
    "2001:db8::",
    "2001:db8:0:1::",
    "fc00::",
    "fd7a:115c:a1e0::",
    "fd7a:115c:a1e0::50",
    "fdff::",
    "fe80::",
    "ff00::",
];
const LENGTHS_V4: [u8; 11] = [1, 8, 9, 10, 11, 16, 24, 29, 30, 31, 32];
const LENGTHS_V6: [u8; 12] = [1, 7, 8, 10, 32, 47, 48, 49, 64, 126, 127, 128];
/// With one in each word of the kernel's bitmap.
const PROTOCOLS: [&str; 6] = ["47", "50", "64", "136", "200", "255"];
const LISTS: [&str; 4] = ["a", "b", "c", "d"];

/// A policy and what is interesting about it.
pub(crate) struct Scenario {
    pub(crate) config: String,
    /// Source and text.
    pub(crate) lists: Vec<(String, String)>,
    pub(crate) network: Network,
    /// What operators say.
    pub(crate) overlay: Overlay,
    /// First and last address of every prefix that means anything, and their neighbours.
    pub(crate) edges: Vec<IpAddr>,
    /// Where port ranges begin and end, and the neighbours.
    pub(crate) ports: Vec<u16>,
}

impl Scenario {
    /// A policy of one list, and one range of TCP ports.
    pub(crate) fn about(list: &str, ports: &str) -> Self {
        let config = format!(
            "mode = \"enforce\"\n[egress]\ntcp = [\"{ports}\"]\nudp = []\n\
             [[list]]\nname = \"a\"\nsource = \"a.txt\"\n"
        );
        let places = [
            "100.64.0.1",
            "192.0.2.64",
            "192.0.2.127",
            "2001:db8::",
            "2001:db8:0:1::",
        ];
        let near = |place: &str| neighbourhood(place.parse().unwrap());
        Self {
            config,
            lists: vec![("a.txt".to_owned(), list.to_owned())],
            network: Network::default(),
            overlay: Overlay::default(),
            edges: places.into_iter().flat_map(near).collect(),
            ports: vec![79, 80, 90, 91],
        }
    }

    /// The policy.
    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let lists = self.lists.iter();
        let lists: Vec<_> = lists
            .map(|(source, text)| (source.as_str(), text.as_str()))
            .collect();
        let policy = Policy::new(&self.config, &lists, &self.network)?;
        Ok(policy.under(&self.overlay))
    }

    pub(crate) fn random(dice: &mut Dice) -> Self {
        let mut writer = Writer::default();
        let names = &LISTS[..dice.below(LISTS.len() + 1)];
        let config = writer.config(dice, names).unwrap();
        let lists = names
            .iter()
            .map(|name| (format!("{name}.txt"), writer.list(dice)))
            .collect();
        let network = Network {
            addresses: dice.some(3, |dice| prefix(dice).addr()),
            on_link: dice.some(2, prefix),
            ..Network::default()
        };
        let Writer { mut met, ports } = writer;
        met.extend(network.addresses.iter().copied().map(IpNet::from));
        met.extend(&network.on_link);
        let overrides = match dice.percent(60) {
            true => dice.some(6, override_),
            false => Vec::new(),
        };
        for one in &overrides {
            met.extend(one.destination());
            met.extend(&one.clients);
        }
        let places = PLACES_V4.iter().chain(&PLACES_V6);
        met.extend(places.map(|place| IpNet::from(place.parse::<IpAddr>().unwrap())));
        met.extend(exitguard::policy::TAILNET);
        let edges: BTreeSet<IpAddr> = met
            .iter()
            .flat_map(|prefix| [prefix.network(), prefix.broadcast()])
            .flat_map(neighbourhood)
            .collect();
        Self {
            config,
            lists,
            network,
            overlay: Overlay::new(overrides),
            edges: edges.into_iter().collect(),
            ports: ports.into_iter().collect(),
        }
    }
}

impl Display for Scenario {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.config)?;
        for (source, text) in &self.lists {
            writeln!(f, "# {source}\n{text}")?;
        }
        writeln!(f, "{:?}\n{:?}", self.network, self.overlay)
    }
}

/// Something that an operator says.
pub(crate) fn override_(dice: &mut Dice) -> Override {
    let net = prefix(dice);
    let effect = match dice.below(10) {
        0 => Effect::Lockdown,
        1..=4 => Effect::Allow(net),
        _ => Effect::Block(net),
    };
    let clients = match (effect, dice.percent(50)) {
        // Too little would be asked beside it.
        (Effect::Lockdown, _) | (_, true) => vec![prefix(dice), prefix(dice)],
        _ => Vec::new(),
    };
    Override { effect, clients }
}

fn prefix(dice: &mut Dice) -> IpNet {
    let step = dice.below(4) as u32;
    let (addr, length): (IpAddr, u8) = if dice.percent(55) {
        let place: Ipv4Addr = dice.pick(&PLACES_V4).parse().unwrap();
        let addr = Ipv4Addr::from_bits(place.to_bits().wrapping_add(step));
        (addr.into(), dice.pick(&LENGTHS_V4))
    } else {
        let place: Ipv6Addr = dice.pick(&PLACES_V6).parse().unwrap();
        let addr = Ipv6Addr::from_bits(place.to_bits() + u128::from(step));
        (addr.into(), dice.pick(&LENGTHS_V6))
    };
    IpNet::new(addr, length).unwrap().trunc()
}

/// The last one follows the first: edges of the address space are neighbours as well.
fn neighbourhood(addr: IpAddr) -> [IpAddr; 3] {
    [-1i8, 0, 1].map(|step| match addr {
        IpAddr::V4(addr) => {
            Ipv4Addr::from_bits(addr.to_bits().wrapping_add_signed(step.into())).into()
        }
        IpAddr::V6(addr) => {
            Ipv6Addr::from_bits(addr.to_bits().wrapping_add_signed(step.into())).into()
        }
    })
}

/// Writes a policy, and remembers what it wrote of.
#[derive(Default)]
struct Writer {
    met: Vec<IpNet>,
    ports: BTreeSet<u16>,
}

impl Writer {
    fn config(&mut self, dice: &mut Dice, lists: &[&str]) -> Result<String, fmt::Error> {
        let mut text = String::new();
        let mode = dice.pick(&["enforce", "enforce", "observe"]);
        writeln!(text, "mode = \"{mode}\"\n\n[egress]")?;
        self.rule(&mut text, dice)?;
        Self::rule_of_clients(&mut text, dice, lists)?;
        let mut taken = BTreeSet::new();
        for client in 0..dice.below(5) {
            let mut prefixes = dice.some(3, prefix);
            prefixes.push(prefix(dice));
            prefixes.retain(|prefix| taken.insert(*prefix));
            if prefixes.is_empty() {
                continue;
            }
            self.met.extend(&prefixes);
            let prefixes = quoted(&prefixes);
            writeln!(
                text,
                "\n[[client]]\nname = \"c{client}\"\nmatch = [{prefixes}]"
            )?;
            self.rule(&mut text, dice)?;
            Self::rule_of_clients(&mut text, dice, lists)?;
        }
        for name in lists {
            let action = dice.pick(&["deny", "observe"]);
            writeln!(
                text,
                "\n[[list]]\nname = \"{name}\"\nsource = \"{name}.txt\"\naction = \"{action}\""
            )?;
        }
        let allow = dice.some(3, prefix);
        self.met.extend(&allow);
        writeln!(text, "\n[allow]\ndestinations = [{}]", quoted(&allow))?;
        if dice.percent(60) {
            writeln!(text, "\n[host]")?;
            self.rule(&mut text, dice)?;
        }
        Ok(text)
    }

    fn rule(&mut self, text: &mut String, dice: &mut Dice) -> fmt::Result {
        for protocol in ["tcp", "udp", "sctp"] {
            writeln!(text, "{protocol} = {}", self.ports(dice))?;
        }
        let protocols = match dice.percent(15) {
            true => "\"any\"".to_owned(),
            false => {
                let some: BTreeSet<_> = dice
                    .some(3, |dice| dice.pick(&PROTOCOLS))
                    .into_iter()
                    .collect();
                format!("[{}]", some.into_iter().collect::<Vec<_>>().join(", "))
            }
        };
        writeln!(text, "icmp = {}\nprotocols = {protocols}", dice.percent(50))?;
        let on_deny = dice.pick(&["drop", "drop", "reject"]);
        writeln!(text, "on_deny = \"{on_deny}\"")
    }

    fn rule_of_clients(text: &mut String, dice: &mut Dice, lists: &[&str]) -> fmt::Result {
        let applying: Vec<_> = lists.iter().filter(|_| dice.percent(70)).collect();
        writeln!(
            text,
            "lan = {}\nlists = [{}]",
            dice.percent(40),
            quoted(&applying)
        )?;
        writeln!(text, "lockdown = {}", dice.percent(8))
    }

    fn ports(&mut self, dice: &mut Dice) -> String {
        // Some are asked about under every policy.
        self.ports.extend([0, 1, 65_535]);
        if dice.percent(20) {
            return "\"any\"".to_owned();
        }
        let mut next = 1;
        let mut ranges = Vec::new();
        for _ in 0..dice.below(4) {
            // Lines of the kernel's bitmap hold 512 ports, words of them 64.
            let first = next + dice.pick(&[0, 1, 21, 62, 63, 64, 511, 512, 5_000, 20_000]);
            let last = first + dice.pick(&[0, 0, 0, 1, 10, 63, 64, 512, 4_000]);
            let (Ok(from), Ok(to)) = (u16::try_from(first), u16::try_from(last)) else {
                break;
            };
            let neighbours = [from - 1, from, from.saturating_add(1)];
            self.ports.extend(neighbours);
            self.ports.extend([to - 1, to, to.saturating_add(1)]);
            ranges.push(if from == to {
                from.to_string()
            } else {
                format!("\"{from}-{to}\"")
            });
            // Ranges that touch would be written as one.
            next = last + 2;
        }
        if dice.percent(10) && next < 65_000 {
            self.ports.insert(65_534);
            ranges.push("65535".to_owned());
        }
        format!("[{}]", ranges.join(", "))
    }

    fn list(&mut self, dice: &mut Dice) -> String {
        let entries = dice.some(12, prefix);
        self.met.extend(&entries);
        // A list without entries has to say that it is meant to be empty.
        let comment = std::iter::once("# random\n".to_owned());
        comment
            .chain(entries.iter().map(|entry| format!("{entry}\n")))
            .collect()
    }
}

fn quoted<T: Display>(all: &[T]) -> String {
    let quoted: Vec<_> = all.iter().map(|each| format!("\"{each}\"")).collect();
    quoted.join(", ")
}
