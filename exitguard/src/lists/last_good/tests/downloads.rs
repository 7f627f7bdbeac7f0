//! Downloads whose accepted version is damaged.

use super::*;
use crate::lists::store::{Counts, Held, Reason, Version};

const URL: &str = "https://lists.example/feed.txt";

impl World {
    /// With a list that is downloaded, and a version of it that was accepted and taken.
    fn downloaded(count: u32) -> Self {
        let mut world = Self::new();
        world.list = list(URL, "");
        world.update(count);
        let expected = usize::try_from(count).unwrap();
        assert_eq!(world.start(), (Standing::Current, expected));
        world
    }

    pub(super) fn update(&self, count: u32) -> Record {
        let store = Store::new(self.cache());
        let _lock = store.lock().unwrap();
        let body = addresses(count);
        let record = Record {
            url: URL.to_owned(),
            accepted: Some(Version {
                url: URL.to_owned(),
                etag: None,
                last_modified: None,
                sha256: store.save_body("feed", body.as_bytes()).unwrap(),
                counts: Counts::default(),
                accepted_at: self.now,
                format: None,
                covered: None,
            }),
            checked_at: Some(self.now),
            fresh_at: Some(self.now),
            ..Record::default()
        };
        store.save("feed", &record).unwrap();
        record
    }
}

#[test]
fn a_damaged_body_or_state_takes_nothing_away() {
    for (damaged, why) in [
        (".list", "it is not what was downloaded"),
        (".json", "cannot read "),
    ] {
        let mut world = World::downloaded(500);
        let name = names(&world.cache())
            .into_iter()
            .find(|name| name.ends_with(damaged))
            .unwrap();
        fs::write(world.cache().join(name), "10.0.0.1\n").unwrap();
        for start in [false, true] {
            let said = if start { world.start() } else { world.reload() };
            assert_eq!(said, (Standing::LastGood, 500), "{damaged}");
            assert!(world.why().contains(why), "{}", world.why());
        }
        world.update(600);
        assert_eq!(world.start(), (Standing::Current, 600));
    }
}

#[test]
fn a_state_that_was_removed_takes_nothing_away() {
    let mut world = World::downloaded(500);
    fs::remove_file(world.cache().join("feed.json")).unwrap();
    assert_eq!(world.start(), (Standing::LastGood, 500));
    assert_eq!(world.why(), "it was not downloaded yet");
    let (_, said) = world.look();
    assert!(said.contains("run `exitguard lists update`"), "{said}");
}

#[test]
fn a_download_that_never_came_is_missing() {
    let mut world = World::new();
    world.list = list(URL, "");
    assert_eq!(world.start(), (Standing::Missing, 0));
    let (_, said) = world.look();
    assert!(said.contains("was not downloaded yet: it blocks nothing"));
}

#[test]
fn a_version_that_an_update_holds_is_told() {
    let mut world = World::downloaded(500);
    let mut record = world.update(500);
    let reason = Reason::Shrunk { from: 500, to: 2 };
    record.held = Some(Held {
        reason,
        first_seen: world.now,
        times: 1,
        first_entries: 2,
        version: record.accepted.clone().unwrap(),
    });
    let store = Store::new(world.cache());
    store.save("feed", &record).unwrap();
    // The daemon hears of it without a reload, and when it is over.
    let again = |world: &World| {
        let condition = &world.running.as_ref().unwrap().memory.condition;
        let again = condition.again(&world.list, &world.cache(), world.now);
        (again.standing, again.why)
    };
    let why = "it shrank from 500 entries to 2".to_owned();
    assert_eq!(again(&world), (Standing::Held, Some(why)));
    assert_eq!(world.reload(), (Standing::Held, 500));
    let (_, said) = world.look();
    assert!(said.contains("exitguard lists accept feed"), "{said}");
    record.held = None;
    store.save("feed", &record).unwrap();
    assert_eq!(again(&world), (Standing::Current, None));
}
