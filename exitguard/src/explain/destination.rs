//! `DEST[:PORT][/PROTO]`.

use crate::config::protocol_number;
use exitguard_common::packet::protocol;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A destination as a person writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The address.
    pub addr: IpAddr,
    /// The port, where one was given.
    pub port: Option<u16>,
    /// IP protocol number; TCP when none was given.
    pub protocol: u8,
}

/// Why a text is no destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseDestinationError {
    /// The address.
    #[error(
        "\"{0}\" is no address; write it as 203.0.113.7, 203.0.113.7:443 or [2001:db8::7]:443/udp"
    )]
    Address(String),
    /// The port.
    #[error("\"{0}\" is no port; ports are 1 to 65535")]
    Port(String),
    /// The protocol.
    #[error(
        "\"{0}\" is no IP protocol; write tcp, udp, sctp, icmp, another name such as gre, or its number"
    )]
    Protocol(String),
    /// A port where there can be none.
    #[error("{0} has no ports")]
    NoPorts(String),
}

impl FromStr for Destination {
    type Err = ParseDestinationError;

    fn from_str(text: &str) -> Result<Self, ParseDestinationError> {
        let (place, protocol) = match text.split_once('/') {
            Some((place, protocol)) => (place, Some(protocol)),
            None => (text, None),
        };
        let (addr, port) = split_port(place);
        let addr: IpAddr = addr
            .parse()
            .map_err(|_| ParseDestinationError::Address(addr.to_owned()))?;
        let port = port.map(parse_port).transpose()?;
        let number = match protocol {
            None => protocol::TCP,
            Some(name) => parse_protocol(name, addr)?,
        };
        let has_ports = matches!(number, protocol::TCP | protocol::UDP | protocol::SCTP);
        match protocol.filter(|_| port.is_some() && !has_ports) {
            Some(name) => Err(ParseDestinationError::NoPorts(name.to_owned())),
            None => Ok(Self {
                addr,
                port,
                protocol: number,
            }),
        }
    }
}

/// An IPv6 address is full of colons: with a port it has to be in brackets.
fn split_port(place: &str) -> (&str, Option<&str>) {
    if let Some(rest) = place.strip_prefix('[')
        && let Some((addr, port)) = rest.split_once(']')
    {
        return if port.is_empty() {
            (addr, None)
        } else {
            (addr, Some(port.strip_prefix(':').unwrap_or("")))
        };
    }
    match place.split_once(':') {
        Some((addr, port)) if !port.contains(':') => (addr, Some(port)),
        _ => (place, None),
    }
}

fn parse_port(text: &str) -> Result<u16, ParseDestinationError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| is_number && *port != 0);
    port.ok_or_else(|| ParseDestinationError::Port(text.to_owned()))
}

fn parse_protocol(text: &str, addr: IpAddr) -> Result<u8, ParseDestinationError> {
    // People say "icmp" for both.
    if text.eq_ignore_ascii_case("icmp") && addr.is_ipv6() {
        return Ok(protocol::ICMPV6);
    }
    let by_name = protocol_number(&text.to_ascii_lowercase());
    by_name
        .or_else(|| text.parse().ok())
        .ok_or_else(|| ParseDestinationError::Protocol(text.to_owned()))
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.addr, self.port) {
            (addr, None) => write!(f, "{addr}")?,
            (IpAddr::V4(addr), Some(port)) => write!(f, "{addr}:{port}")?,
            (IpAddr::V6(addr), Some(port)) => write!(f, "[{addr}]:{port}")?,
        }
        match crate::config::protocol_name(self.protocol) {
            Some(name) => write!(f, "/{name}"),
            None => write!(f, "/{}", self.protocol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<(String, Option<u16>, u8), String> {
        let destination: Destination = text
            .parse()
            .map_err(|error: ParseDestinationError| error.to_string())?;
        Ok((
            destination.addr.to_string(),
            destination.port,
            destination.protocol,
        ))
    }

    #[test]
    fn reads_what_people_write() {
        for (text, addr, port, number) in [
            ("203.0.113.7", "203.0.113.7", None, 6),
            ("203.0.113.7:443", "203.0.113.7", Some(443), 6),
            ("203.0.113.7:53/udp", "203.0.113.7", Some(53), 17),
            ("203.0.113.7/icmp", "203.0.113.7", None, 1),
            ("203.0.113.7/gre", "203.0.113.7", None, 47),
            ("203.0.113.7/99", "203.0.113.7", None, 99),
            ("203.0.113.7:9/SCTP", "203.0.113.7", Some(9), 132),
            ("2001:db8::7", "2001:db8::7", None, 6),
            ("[2001:db8::7]", "2001:db8::7", None, 6),
            ("[2001:db8::7]:443/udp", "2001:db8::7", Some(443), 17),
            ("2001:db8::7/icmp", "2001:db8::7", None, 58),
        ] {
            assert_eq!(parse(text), Ok((addr.to_owned(), port, number)), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, word) in [
            ("example.com", "\"example.com\" is no address"),
            ("203.0.113.7:0", "\"0\" is no port"),
            ("203.0.113.7:70000", "\"70000\" is no port"),
            ("203.0.113.7:", "\"\" is no port"),
            ("203.0.113.7:+5", "\"+5\" is no port"),
            ("203.0.113.7/24/tcp", "\"24/tcp\" is no IP protocol"),
            ("203.0.113.7/tpc", "\"tpc\" is no IP protocol"),
            ("203.0.113.7/300", "\"300\" is no IP protocol"),
            ("203.0.113.7:443/icmp", "icmp has no ports"),
            ("", "\"\" is no address"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}") {
            let _ = text.parse::<Destination>();
        }

        #[test]
        fn reads_back_what_it_shows(v4 in any::<[u8; 4]>(), v6 in any::<[u8; 16]>(), port in 1u16.., udp in any::<bool>()) {
            let protocol = if udp { 17 } else { 6 };
            for addr in [IpAddr::from(v4), IpAddr::from(v6)] {
                let destination = Destination { addr, port: Some(port), protocol };
                prop_assert_eq!(destination.to_string().parse(), Ok(destination));
            }
        }
    }
}
