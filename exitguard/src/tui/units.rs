//! Amounts and moments, as short as a table needs them.

use crate::output;
use jiff::Timestamp;

/// What rates are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes a second.
    #[default]
    Bytes,
    /// Bits a second.
    Bits,
}

/// A rate in bytes a second; the `/s` stands elsewhere.
pub(crate) fn rate(per_second: f64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => output::bytes(per_second.max(0.0).round() as u64),
        Unit::Bits => bits(per_second.max(0.0) * 8.0),
    }
}

fn bits(bits: f64) -> String {
    const UNITS: [&str; 5] = ["kbit", "Mbit", "Gbit", "Tbit", "Pbit"];
    if bits < 999.5 {
        return format!("{bits:.0} bit");
    }
    let mut value = bits / 1000.0;
    let mut unit = "kbit";
    for next in UNITS.into_iter().skip(1) {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// Events a second: one digit below ten.
pub(crate) fn frequency(per_second: f64) -> String {
    if per_second > 0.0 && per_second < 9.95 {
        format!("{per_second:.1}")
    } else {
        format!("{:.0}", per_second.max(0.0))
    }
}

/// How long ago something was, in at most four characters.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Time of day, in UTC as everywhere else.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_bytes_or_bits() {
        for (rate_in, bytes, bits) in [
            (0.0, "0 B", "0 bit"),
            (124.9, "125 B", "999 bit"),
            (125.0, "125 B", "1.0 kbit"),
            (12_400.0, "12.4 kB", "99.2 kbit"),
            (124_999.0, "125.0 kB", "1.0 Mbit"),
            (1.25e9, "1.2 GB", "10.0 Gbit"),
        ] {
            assert_eq!(rate(rate_in, Unit::Bytes), bytes);
            assert_eq!(rate(rate_in, Unit::Bits), bits);
        }
    }

    #[test]
    fn frequencies_keep_a_digit_while_it_says_something() {
        for (given, shown) in [(0.0, "0"), (0.25, "0.2"), (9.94, "9.9"), (9.96, "10")] {
            assert_eq!(frequency(given), shown);
        }
    }

    #[test]
    fn ages_are_never_negative_and_never_long() {
        let noon: Timestamp = "2026-01-02T12:00:00Z".parse().unwrap();
        for (ago, shown) in [
            (-5, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3_600, "1h"),
            (90_000, "1d"),
        ] {
            let at = noon - jiff::SignedDuration::from_secs(ago);
            assert_eq!(age(at, noon), shown);
        }
        assert_eq!(clock(noon), "12:00:00Z");
    }
}
