//! Lists that nobody looks after any more.

use super::*;
use std::fs::File;
use std::time::SystemTime;

/// Makes the file as old as this, by the clock of the world.
fn written(world: &World, age: SignedDuration) {
    let file = File::options().append(true).open(world.file()).unwrap();
    file.set_modified(SystemTime::from(world.now - age))
        .unwrap();
}

fn again(world: &World) -> Standing {
    let condition = &world.running.as_ref().unwrap().memory.condition;
    let again = condition.again(&world.list, &world.cache(), world.now);
    again.standing
}

#[test]
fn a_file_that_is_not_written_for_long_is_stale_and_stays_in_force() {
    let mut world = World::with("max_age = \"7d\"");
    world.write(addresses(5));
    written(&world, SignedDuration::from_hours(7 * 24 - 1));
    assert_eq!(world.start(), (Standing::Current, 5));
    // Time passes while the daemon runs.
    world.now += SignedDuration::from_hours(1);
    assert_eq!(again(&world), Standing::Stale);
    assert_eq!(world.reload(), (Standing::Stale, 5));
    let why = "the newest version was seen 7 days ago, and max_age is 7 days";
    assert_eq!(world.why(), why);
    let (_, said) = world.look();
    assert!(
        said.contains("it stays in force") && said.contains("look at what writes this file"),
        "{said}"
    );
    assert_eq!(again(&world), Standing::Stale);
    // The same again is fresh.
    written(&world, SignedDuration::ZERO);
    assert_eq!(world.reload(), (Standing::Current, 5));
    // A clock that was set back makes nothing stale.
    written(&world, SignedDuration::from_hours(-24));
    assert_eq!(world.reload(), (Standing::Current, 5));
}

#[test]
fn a_file_may_be_of_any_age_unless_said_otherwise() {
    let mut world = World::new();
    world.write(addresses(5));
    written(&world, SignedDuration::from_hours(20 * 365 * 24));
    assert_eq!(world.start(), (Standing::Current, 5));
}

#[test]
fn a_download_is_stale_when_no_server_said_for_long_that_it_is_the_newest() {
    let mut world = World::new();
    world.list = list("https://lists.example/feed.txt", "");
    let mut record = world.update(5);
    assert_eq!(world.start(), (Standing::Current, 5));
    world.now += SignedDuration::from_hours(14 * 24);
    assert_eq!(again(&world), Standing::Stale);
    assert_eq!(world.reload(), (Standing::Stale, 5));
    let (_, said) = world.look();
    assert!(said.contains("exitguard lists status feed"), "{said}");
    // A server that says that nothing changed is enough, and needs no reload.
    record.fresh_at = Some(world.now);
    Store::new(world.cache()).save("feed", &record).unwrap();
    assert_eq!(again(&world), Standing::Current);
    assert_eq!(world.reload(), (Standing::Current, 5));
    // One whose state cannot be read grows old all the same.
    world.now += SignedDuration::from_hours(15 * 24);
    fs::remove_file(world.cache().join("feed.json")).unwrap();
    assert_eq!(again(&world), Standing::Stale);
    world.list.max_age = None;
    assert_eq!(again(&world), Standing::Current);
}
