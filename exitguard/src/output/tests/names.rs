//! Identifiers that others compute too.

use super::Samples;
use crate::output::{Format, Report};
use serde_json::Value;
use std::net::IpAddr;

/// Vectors computed by hand from the specification (`"1:" + base64(sha1(seed . source . destination .
/// protocol . 0 . ports))`, the smaller endpoint first).
#[test]
fn community_ids_follow_their_specification() {
    let samples = Samples::new().all();
    for (what, expected) in [
        ("a flow starts", COMMUNITY_TCP4),
        ("a flow is idle, IPv6", COMMUNITY_UDP6),
        ("a ping", COMMUNITY_PING),
        ("a protocol without ports", COMMUNITY_GRE),
    ] {
        let (_, report) = samples.iter().find(|(name, _)| *name == what).unwrap();
        let event: Value = serde_json::from_str(&Format::Json.render(report)).unwrap();
        assert_eq!(event["community_id"], expected, "{what}");
    }
}

const COMMUNITY_TCP4: &str = "1:QFjFtGVTtTlLx7sO0inRR5Hsejc=";
const COMMUNITY_UDP6: &str = "1:9+Aod7/9Zw1aZrcdgNioorwloxk=";
const COMMUNITY_PING: &str = "1:fOHVP3nbJ6RyFBmePwCsK5+6iYc=";
const COMMUNITY_GRE: &str = "1:WOpdKyKW7Bseacdu7YXwzVx080U=";

#[test]
fn the_source_is_the_side_that_opened_the_flow() {
    let samples = Samples::new().all();
    let source_of = |what: &str| {
        let (_, report) = samples.iter().find(|(name, _)| *name == what)?;
        match report {
            Report::Flow(report) => Some((report.source?, report.client)),
            _ => None,
        }
    };
    let client: IpAddr = "100.64.0.9".parse().unwrap();
    let host: IpAddr = "100.64.0.1".parse().unwrap();
    assert_eq!(source_of("a flow starts"), Some((client, client)));
    assert_eq!(source_of("the far side opened it"), Some((host, client)));
}
