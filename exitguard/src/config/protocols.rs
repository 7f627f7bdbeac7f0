//! IP protocols without ports: `"any"`, or an array of names and numbers.

use super::model::Protocols;
use super::report::{Problem, Report};
use super::suggest::closest;
use super::value::Value;
use exitguard_common::packet::protocol;

/// The protocols that have a name here (IANA "Assigned Internet Protocol Numbers").
const NAMES: [(&str, u8); 17] = [
    ("icmp", protocol::ICMP),
    ("igmp", 2),
    ("ipip", 4),
    ("tcp", protocol::TCP),
    ("udp", protocol::UDP),
    ("dccp", 33),
    ("ipv6", 41),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", protocol::ICMPV6),
    ("ospf", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", protocol::SCTP),
    ("udplite", 136),
];

/// The name of an IP protocol, if it has one here.
pub fn protocol_name(protocol: u8) -> Option<&'static str> {
    let mut names = NAMES.into_iter();
    names.find_map(|(name, number)| (number == protocol).then_some(name))
}

/// The number of an IP protocol by name.
pub(crate) fn protocol_number(name: &str) -> Option<u8> {
    let mut names = NAMES.into_iter();
    names.find_map(|(known, number)| (known == name).then_some(number))
}

/// The names that IP protocols have here.
pub(crate) fn protocol_names() -> [&'static str; NAMES.len()] {
    NAMES.map(|(name, _)| name)
}

/// The key for protocols that are not for `protocols`.
const fn own_key(number: u8) -> Option<&'static str> {
    match number {
        protocol::TCP => Some("tcp"),
        protocol::UDP => Some("udp"),
        protocol::SCTP => Some("sctp"),
        protocol::ICMP | protocol::ICMPV6 => Some("icmp"),
        _ => None,
    }
}

/// Reads a set of protocols. What is wrong with an item is reported where it stands.
pub(super) fn protocols(value: &Value<'_>, report: &mut Report<'_>) -> Protocols {
    if value.as_str() == Some("any") {
        return Protocols::ANY;
    }
    let items = report.read(value, |value| {
        let hint = "write \"any\" for all of them, or list them, as in [\"gre\", 41]";
        let array = value.items();
        array.map_err(|_| value.has_to_be("\"any\" or an array of IP protocols", hint))
    });
    let mut protocols = Protocols::default();
    for item in items.into_iter().flatten() {
        if let Some(number) = report.read(&item, one) {
            protocols.add(number);
        }
    }
    protocols
}

fn one(value: &Value<'_>) -> Result<u8, Problem> {
    let number = match (value.as_integer(), value.as_str()) {
        (Some(number), _) => u8::try_from(number).map_err(|_| {
            let message = format!("there is no IP protocol {}", value.source());
            Problem::new(message, "protocol numbers are 0 to 255")
        })?,
        (_, Some(name)) => protocol_number(name).ok_or_else(|| unknown(name))?,
        _ => {
            let hint = "write a name in quotes or a number, as in [\"gre\", 41]";
            return Err(value.has_to_be("the name or number of an IP protocol", hint));
        }
    };
    match own_key(number) {
        Some(key) => Err(Problem::new(
            format!("{} has a key of its own", value.source()),
            format!("use the key `{key}`"),
        )),
        None => Ok(number),
    }
}

fn unknown(name: &str) -> Problem {
    let hint = match closest(name, protocol_names()) {
        _ if name == "any" => "write protocols = \"any\", without brackets".to_owned(),
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => {
            let others = NAMES.into_iter().filter(|(_, n)| own_key(*n).is_none());
            let others: Vec<_> = others.map(|(known, _)| known).collect();
            format!("use its number, or one of {}", others.join(", "))
        }
    };
    Problem::new(format!("\"{name}\" is not an IP protocol known here"), hint)
}
