//! The small languages inside strings: prefixes, durations, names.

use super::model::Interface;
use super::report::Problem;
use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;

/// A prefix, and whether it had bits beyond its length.
pub(crate) fn prefix(text: &str) -> Result<(IpNet, bool), Problem> {
    let net = match text.parse::<IpAddr>() {
        Ok(addr) => IpNet::from(addr),
        Err(_) => text.parse::<IpNet>().map_err(|_| no_prefix(text))?,
    };
    if let IpNet::V6(v6) = net
        && let Some(v4) = v6.addr().to_ipv4_mapped()
        && let Some(length) = v6.prefix_len().checked_sub(96)
    {
        // Packets that carry such an address are malformed, so it would match nothing.
        let message = format!("\"{text}\" is an IPv4 address in IPv6 form");
        return Err(Problem::new(message, format!("write it as {v4}/{length}")));
    }
    Ok((net.trunc(), net.trunc() != net))
}

fn no_prefix(text: &str) -> Problem {
    match text.split_once('/') {
        Some((addr, length)) if addr.parse::<IpAddr>().is_ok() => {
            let longest = if addr.contains(':') { 128 } else { 32 };
            Problem::new(
                format!("\"{text}\" is not a prefix: there is no /{length}"),
                format!("the prefix length has to be 0 to {longest}"),
            )
        }
        _ => Problem::new(
            format!("\"{text}\" is not an address or prefix"),
            "write it as 192.0.2.10, 192.0.2.0/24 or 2001:db8::/32; names are not looked up",
        ),
    }
}

/// Nothing here is worth waiting longer for, and sums with points in time stay far from overflowing.
const LONGEST: Duration = Duration::from_hours(24);

/// How a duration is written.
pub(super) const DURATION_HINT: &str =
    "write it as \"30s\", \"5m\" or \"1h\"; at least \"1s\", at most \"24h\"";

/// A duration like `30s`, `5m`, `1h` or `1h 30m`; a second to a day.
///
/// # Errors
/// For anything else.
pub fn parse_duration(text: &str) -> Result<Duration, Problem> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| (Duration::from_secs(1)..=LONGEST).contains(duration))
        .ok_or_else(|| {
            let message = format!("\"{text}\" is not a duration of a second to a day");
            Problem::new(message, DURATION_HINT)
        })
}

/// Longer than anybody waits for a list.
const OLDEST: Duration = Duration::from_hours(10 * 366 * 24);

/// How an age is written.
pub(super) const AGE_HINT: &str =
    "write it as \"36h\" or \"7d\"; at least \"1s\", at most ten years; or \"never\"";

/// An age like `7d`, `36h` or `90m`; a second to ten years.
///
/// # Errors
/// For anything else.
pub fn parse_age(text: &str) -> Result<Duration, Problem> {
    let days = text
        .strip_suffix('d')
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse::<i64>().ok())
        .and_then(|days| days.checked_mul(24))
        .and_then(jiff::SignedDuration::try_from_hours);
    days.or_else(|| text.parse().ok())
        .and_then(|age| Duration::try_from(age).ok())
        .filter(|age| (Duration::from_secs(1)..=OLDEST).contains(age))
        .ok_or_else(|| {
            let message = format!("\"{text}\" is not an age of a second to ten years");
            Problem::new(message, AGE_HINT)
        })
}

/// An interface name that Linux would accept, or `auto`.
///
/// # Errors
/// Says what the kernel would refuse.
pub fn parse_interface(text: &str) -> Result<Interface, Problem> {
    if text == "auto" {
        return Ok(Interface::Auto);
    }
    // dev_valid_name() in net/core/dev.c; IFNAMSIZ counts the final NUL.
    const IFNAMSIZ: usize = 16;
    let refused = |c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control();
    if text.is_empty()
        || text.len() >= IFNAMSIZ
        || text == "."
        || text == ".."
        || text.contains(refused)
    {
        return Err(Problem::new(
            format!("{text:?} cannot be the name of an interface"),
            "use a name as `ip link` shows it, or \"auto\"",
        ));
    }
    Ok(Interface::Named(text.to_owned()))
}

/// Longest name: what fits a line of output beside everything else.
const NAME_BYTES: usize = 64;

/// A name for events and the command line.
pub(super) fn name(text: &str) -> Result<(), Problem> {
    if text.trim() != text
        || text.is_empty()
        || text.len() > NAME_BYTES
        || text.contains(char::is_control)
    {
        return Err(Problem::new(
            format!("\"{text}\" cannot be a name"),
            format!("use up to {NAME_BYTES} printable characters, without spaces around them"),
        ));
    }
    Ok(())
}
