//! The parts of the demo that need no root.

mod hearing;
mod showing;

use super::expect::{Expected, Seen};
use super::scenario::{Probe, Scenario};
use super::send::{Bulk, Traffic};
use crate::lab::Exchange;
use exitguard_common::abi::{Reason, Verdict};
use std::net::IpAddr;
use std::time::Duration;

/// The probe of the scenario that goes to this destination.
fn probe(to: &str, traffic: Traffic) -> Probe {
    let to = to.parse::<IpAddr>().unwrap();
    let probes = Scenario::default().probes;
    let found = probes
        .into_iter()
        .find(|probe| probe.to == to && probe.traffic == traffic);
    found.unwrap()
}

/// What is seen when everything goes as expected.
fn as_expected(expected: &Expected) -> Seen {
    Seen {
        answer: Ok(expected.answer),
        reached: Some(expected.facts.passes()),
        facts: Some(expected.facts.clone()),
        bulk: None,
    }
}

#[test]
fn a_probe_is_as_expected_only_if_every_fact_is() {
    let expected = probe("203.0.113.66", Traffic::Tcp(443)).expected;
    let right = as_expected(&expected);
    assert!(right.is(&expected));
    let wrong = |change: fn(&mut Seen)| {
        let mut seen = right.clone();
        change(&mut seen);
        assert!(!seen.is(&expected), "{seen:?}");
    };
    wrong(|seen| seen.answer = Ok(Exchange::TimedOut));
    wrong(|seen| seen.answer = Err("the socket is broken".to_owned()));
    wrong(|seen| seen.reached = Some(true));
    wrong(|seen| seen.facts = None);
    wrong(|seen| seen.facts.as_mut().unwrap().list = None);
    wrong(|seen| seen.facts.as_mut().unwrap().rule = "host".to_owned());
    wrong(|seen| seen.facts.as_mut().unwrap().reason = Reason::Port);
    wrong(|seen| seen.facts.as_mut().unwrap().verdict = Verdict::WouldDeny);
}

#[test]
fn a_ping_needs_no_server_to_be_as_expected() {
    let expected = probe("203.0.113.7", Traffic::Ping).expected;
    let mut seen = as_expected(&expected);
    seen.reached = None;
    assert!(seen.is(&expected));
}

#[test]
fn a_transfer_has_to_travel_in_super_packets() {
    let expected = probe("203.0.113.7", Traffic::Tcp(443)).expected;
    let mut bulk = bulk();
    for (super_packets, is_expected) in [(1, true), (0, false)] {
        bulk.super_packets = super_packets;
        let mut seen = as_expected(&expected);
        seen.bulk = Some(bulk);
        assert_eq!(seen.is(&expected), is_expected);
    }
}

fn bulk() -> Bulk {
    Bulk {
        bytes_each_way: 8_388_608,
        elapsed: Duration::from_millis(71),
        super_packets: 943,
        longest_bytes: 65_100,
    }
}
