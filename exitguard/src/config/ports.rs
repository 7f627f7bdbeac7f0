//! Ports: `"any"`, or an array of numbers and of ranges like `"6000-6010"`.

use super::report::{Problem, Report};
use super::value::Value;
use crate::policy::PortSet;
use std::ops::RangeInclusive;

/// Reads a set of ports. What is wrong with an item is reported where it stands.
pub(super) fn ports(value: &Value<'_>, report: &mut Report<'_>) -> PortSet {
    if value.as_str() == Some("any") {
        return PortSet::any();
    }
    let items = report.read(value, |value| {
        value.items().map_err(|problem| {
            let hint = match range(value) {
                Ok(_) => problem.hint,
                Err(_) => {
                    "write \"any\" for every port, or list them, as in [22, \"6000-6010\"]".into()
                }
            };
            value.has_to_be("\"any\" or an array of ports", hint)
        })
    });
    items
        .into_iter()
        .flatten()
        .filter_map(|item| report.read(&item, range))
        .collect()
}

fn range(value: &Value<'_>) -> Result<RangeInclusive<u16>, Problem> {
    if let Some(number) = value.as_integer() {
        return port(value, number, value.source()).map(|port| port..=port);
    }
    let not_a_port = || {
        let hint = match value.as_str() {
            Some("any") => format!("write {} = \"any\", without brackets", value.key()),
            _ => "write a number, or a range like \"6000-6010\"".to_owned(),
        };
        value.has_to_be("a port or a range of ports", hint)
    };
    let text = value.as_str().ok_or_else(not_a_port)?;
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| {
        let digits = text.trim();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(not_a_port());
        }
        port(value, digits.parse().unwrap_or(i64::MAX), digits)
    };
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        let message = format!("the port range \"{text}\" is reversed");
        return Err(Problem::new(message, format!("write \"{last}-{first}\"")));
    }
    Ok(first..=last)
}

fn port(value: &Value<'_>, number: i64, written: &str) -> Result<u16, Problem> {
    let port = u16::try_from(number).ok().filter(|port| *port != 0);
    port.ok_or_else(|| {
        let key = value.key();
        let hint = format!("ports are 1 to 65535; write {key} = \"any\" for all of them");
        Problem::new(format!("there is no port {written}"), hint)
    })
}
