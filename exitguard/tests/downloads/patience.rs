//! When servers are left alone.

use crate::server::Answer;
use crate::{World, accepted, addresses};
use exitguard::lists::store::State;
use exitguard::lists::update::Outcome;
use jiff::SignedDuration;
use std::time::Duration;

#[test]
fn a_server_that_failed_is_left_alone_for_a_while() {
    let mut world = World::new();
    world
        .server
        .say([Answer::new("503 Busy", &["Retry-After: 7200"], "")]);
    world.failure();
    assert_eq!(world.server.requests().len(), 1);
    let until = world.now + SignedDuration::from_hours(2);
    let why = "the server says 503 Service Unavailable".to_owned();
    for minutes in [1, 100] {
        world.wait(SignedDuration::from_mins(minutes));
        let why = why.clone();
        assert_eq!(world.update(), Outcome::Waiting { why, until });
    }
    assert_eq!(world.server.requests().len(), 0);
    world.force = true;
    assert_eq!(world.failure(), why);
    assert_eq!(
        (world.server.requests().len(), world.record().fails),
        (1, 2)
    );
    world.force = false;
    world.wait(SignedDuration::from_hours(2));
    world.server.say([Answer::ok(addresses(20))]);
    assert_eq!(world.update(), accepted(20, None));
}

#[test]
fn a_date_is_understood_as_a_time_to_wait() {
    let mut world = World::new();
    let date = ["Retry-After: Fri, 02 Jan 2026 20:00:00 GMT"];
    world
        .server
        .say([Answer::new("429 Too Many Requests", &date, "")]);
    world.failure();
    assert_eq!(
        world.record().not_before.unwrap().to_string(),
        "2026-01-02T20:00:00Z"
    );
}

#[test]
fn a_publisher_is_asked_no_more_often_than_it_permits() {
    let mut world = World::new();
    world.list.interval = Some(Duration::from_hours(1));
    world.server.say([Answer::ok(addresses(20))]);
    assert_eq!(world.update(), accepted(20, None));
    let until = world.now + SignedDuration::from_mins(57);
    for minutes in [0, 54] {
        world.wait(SignedDuration::from_mins(minutes));
        assert_eq!(world.update(), Outcome::Early { until });
    }
    assert_eq!(world.server.requests().len(), 1);
    // Within a twentieth of an hour: a timer is not always on time.
    assert_eq!(world.update(), Outcome::Unchanged { entries: 20 });
    assert_eq!(world.state(), State::Unchanged);
    world.force = true;
    assert_eq!(world.update(), Outcome::Unchanged { entries: 20 });
    world.force = false;
    world.server.requests();

    // What is damaged is downloaded again at once, and what failed has times of its own.
    let version = world.record().accepted.unwrap();
    let body = world.store().body_path("feed", &version);
    std::fs::write(body, "").unwrap();
    assert_eq!(world.update(), Outcome::Unchanged { entries: 20 });
    world.force = true;
    world.server.say([Answer::new("503 Busy", &[], "")]);
    world.failure();
    world.force = false;
    world.wait(SignedDuration::from_mins(20));
    world.server.say([Answer::ok(addresses(21))]);
    assert_eq!(world.update(), accepted(21, Some(20)));
}
