//! What is held, for whom, and until when.

use crate::server::Answer;
use crate::{World, accepted, addresses};
use exitguard::lists::store::{Family, Reason, State};
use exitguard::lists::update::Outcome;
use jiff::SignedDuration;

/// A world in which a version with so many entries is in force.
fn with_accepted(entries: usize) -> World {
    let mut world = World::new();
    world.server.say([Answer::ok(addresses(entries))]);
    assert_eq!(world.update(), accepted(entries, None));
    world
}

fn held(outcome: &Outcome) -> (Reason, u32) {
    match outcome {
        Outcome::Held(held) => (held.reason.clone(), held.times),
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn an_empty_list_is_held_and_its_recovery_is_not() {
    let mut world = with_accepted(5_000);
    for (times, body) in [(1, ""), (2, "\n \n"), (3, "# nothing today\n")] {
        world.server.say([Answer::ok(body)]);
        assert_eq!(held(&world.update()), (Reason::Empty, times));
        assert_eq!((world.in_force(), world.state()), (5_000, State::Held));
    }
    // However long it lasts: an empty list protects nobody.
    world.wait(SignedDuration::from_hours(48));
    assert_eq!(held(&world.update()), (Reason::Empty, 4));
    world.server.say([Answer::ok(addresses(5_001))]);
    assert_eq!(world.update(), accepted(5_001, Some(5_000)));
    assert_eq!(world.record().held, None);
}

#[test]
fn a_list_that_may_be_empty_is_not_held_when_it_is() {
    let mut world = World::with("allow_empty = true");
    world.server.say([Answer::ok(addresses(20))]);
    world.update();
    for (body, outcome) in [
        ("", accepted(0, Some(20))),
        ("# nothing\n", Outcome::Unchanged { entries: 0 }),
    ] {
        world.server.say([Answer::ok(body)]);
        assert_eq!(world.update(), outcome);
        assert_eq!(world.in_force(), 0);
    }
}

#[test]
fn a_jump_is_compared_with_what_was_accepted_so_the_way_back_is_no_jump() {
    let mut world = with_accepted(1_000);
    let grown = Reason::Grown {
        from: 1_000,
        to: 5_000,
    };
    let shrunk = Reason::Shrunk {
        from: 1_000,
        to: 400,
    };
    for (entries, reason) in [(5_000, grown), (400, shrunk)] {
        world.server.say([Answer::ok(addresses(entries))]);
        assert_eq!(held(&world.update()), (reason, 1));
        assert_eq!(world.in_force(), 1_000);
        world.server.say([Answer::ok(addresses(1_000))]);
        assert_eq!(world.update(), Outcome::Unchanged { entries: 1_000 });
        assert_eq!(
            (world.record().held, world.state()),
            (None, State::Unchanged)
        );
    }
}

#[test]
fn a_person_accepts_what_is_held() {
    let mut world = with_accepted(1_000);
    assert_eq!(world.accept(), None);
    world
        .server
        .say([Answer::new("200 OK", &["ETag: \"few\""], addresses(400))]);
    held(&world.update());
    assert_eq!(world.accept(), Some(400));
    assert_eq!((world.in_force(), world.state()), (400, State::Ok));
    assert_eq!(world.accept(), None);
    // It is what the next ones are compared with, and what the server is asked about.
    world.server.requests();
    world.server.say([Answer::new("304 Not Modified", &[], "")]);
    assert_eq!(world.update(), Outcome::Unchanged { entries: 400 });
    assert!(world.server.requests()[0].contains("if-none-match: \"few\""));
}

#[test]
fn an_empty_list_can_be_accepted_and_is_in_force_then() {
    let mut world = with_accepted(1_000);
    world.server.say([Answer::ok("")]);
    held(&world.update());
    assert_eq!(world.accept(), Some(0));
    assert_eq!(world.in_force(), 0);
    assert_eq!(world.update(), Outcome::Unchanged { entries: 0 });
}

#[test]
fn what_stays_for_a_day_is_no_accident() {
    let mut world = with_accepted(1_000);
    // The server says that it did not change: that counts as seen, too.
    let first = Answer::new("200 OK", &["ETag: \"few\""], addresses(400));
    world
        .server
        .say([first, Answer::new("304 Not Modified", &[], "")]);
    assert_eq!(held(&world.update()).1, 1);
    world.wait(SignedDuration::from_hours(12));
    assert_eq!(held(&world.update()).1, 2);
    world.wait(SignedDuration::from_hours(11));
    // Often enough, but not for a day.
    assert_eq!(held(&world.update()).1, 3);
    world.wait(SignedDuration::from_hours(1));
    let released = Outcome::Accepted {
        entries: 400,
        was: Some(1_000),
        released: true,
    };
    assert_eq!(world.update(), released);
    assert_eq!(world.in_force(), 400);
}

#[test]
fn a_day_between_two_looks_is_not_enough() {
    let mut world = with_accepted(1_000);
    world.server.say([Answer::ok(addresses(400))]);
    held(&world.update());
    world.wait(SignedDuration::from_hours(72));
    assert_eq!(held(&world.update()).1, 2);
    assert!(matches!(
        world.update(),
        Outcome::Accepted { released: true, .. }
    ));
}

#[test]
fn a_size_that_goes_on_changing_is_never_settled() {
    let mut world = with_accepted(1_000);
    for entries in [400, 440, 441, 360, 324] {
        world.server.say([Answer::ok(addresses(entries))]);
        let times = match entries {
            440 | 324 => 2,
            _ => 1,
        };
        world.wait(SignedDuration::from_hours(24));
        assert_eq!(held(&world.update()).1, times, "{entries}");
    }
    assert_eq!(world.in_force(), 1_000);
}

#[test]
fn a_failure_between_does_not_let_go_of_what_is_held() {
    let mut world = with_accepted(1_000);
    world.server.say([Answer::ok(addresses(400))]);
    held(&world.update());
    world.server.say([Answer::new("500 Broken", &[], "")]);
    world.failure();
    assert_eq!((world.in_force(), world.state()), (1_000, State::Failed));
    assert_eq!(world.accept(), Some(400));
}

#[test]
fn a_list_that_is_written_in_another_way_is_held() {
    let mut world = with_accepted(500);
    let flipped: String = addresses(490)
        .lines()
        .skip(1)
        .map(|addr| format!("somebody:{addr}-{addr}\n"))
        .collect();
    world.server.say([Answer::ok(&flipped)]);
    let format = Reason::Format {
        from: "plain".to_owned(),
        to: "p2p".to_owned(),
    };
    assert_eq!(held(&world.update()), (format, 1));
    assert_eq!(world.in_force(), 500);
    assert_eq!(world.accept(), Some(490));
    // The same entries mean the same, however they are written.
    world.server.say([Answer::ok(addresses(490))]);
    assert_eq!(world.update(), Outcome::Unchanged { entries: 490 });
}

#[test]
fn a_list_whose_format_is_named_may_not_be_written_in_another_way_at_all() {
    let mut world = World::with("format = \"plain\"");
    world.force = true;
    world.server.say([Answer::ok(addresses(500))]);
    world.update();
    world
        .server
        .say([Answer::ok("somebody:198.18.0.1-198.18.0.1\n")]);
    assert!(world.failure().starts_with("what came is not taken: "));
}

#[test]
fn a_list_that_keeps_its_entries_and_loses_what_they_cover_is_held() {
    let networks = |length: u8| {
        let lines = (0..200).map(|number| format!("198.18.{number}.0/{length}\n"));
        lines.collect::<String>()
    };
    let mut world = World::new();
    world.server.say([Answer::ok(networks(24))]);
    assert_eq!(world.update(), accepted(200, None));
    world.server.say([Answer::ok(networks(32))]);
    let narrowed = Reason::Narrowed {
        of: Family::Ipv4,
        from: 200 * 256,
        to: 200,
    };
    assert_eq!(held(&world.update()), (narrowed, 1));
    assert_eq!(world.accept(), Some(200));
    world.server.say([Answer::ok(networks(24))]);
    let widened = Reason::Widened {
        of: Family::Ipv4,
        from: 200,
        to: 200 * 256,
    };
    assert_eq!(held(&world.update()), (widened, 1));
}

#[test]
fn a_version_without_what_it_has_to_contain_is_not_taken() {
    let mut world = World::with("must_contain = [\"198.18.0.7\"]");
    world.force = true;
    world.server.say([Answer::ok(addresses(20))]);
    assert_eq!(world.update(), accepted(20, None));
    for lacking in ["198.18.0.6\n", "", "# nothing\n"] {
        world.server.say([Answer::ok(lacking)]);
        let why = "what came is not taken: it lacks 198.18.0.7 of must_contain";
        assert_eq!(world.failure(), why);
        assert_eq!((world.in_force(), world.state()), (20, State::Failed));
    }
}

#[test]
fn what_is_in_force_is_fresh_when_the_server_says_so_and_only_then() {
    let mut world = with_accepted(1_000);
    let accepted_at = world.now;
    assert_eq!(world.record().fresh_at(), Some(accepted_at));
    world.wait(SignedDuration::from_hours(24));
    world.force = true;
    for answer in [
        Answer::new("500 Broken", &[], ""),
        Answer::ok("<html>"),
        Answer::ok(addresses(400)),
    ] {
        world.server.say([answer]);
        world.update();
        assert_eq!(world.record().fresh_at(), Some(accepted_at));
    }
    let tagged = Answer::new("200 OK", &["ETag: \"one\""], addresses(1_000));
    let same = Answer::new("304 Not Modified", &[], "");
    for answer in [tagged, same] {
        world.wait(SignedDuration::from_hours(24));
        world.server.say([answer]);
        assert_eq!(world.update(), Outcome::Unchanged { entries: 1_000 });
        let record = world.record();
        assert_eq!(record.fresh_at(), Some(world.now));
        assert_eq!(record.accepted.unwrap().accepted_at, accepted_at);
    }
}
