//! What is in force, since when, until when, and what is refused.

use super::*;
use crate::config;
use crate::diagnostic::SourceFile;
use crate::kept_file::{FileError, load, save};
use exitguard_common::abi::RuntimeFlags;

const NOW: Timestamp = Timestamp::constant(1_767_355_200, 0);

fn config() -> Config {
    let text = "[egress]\ntcp = [443]\nudp = []\n\n[[client]]\nname = \"web1\"\n\
                match = [\"100.64.0.9\", \"fd7a:115c:a1e0::9\"]\n";
    config::parse(&SourceFile::new("exitguard.toml", text))
        .unwrap()
        .config
}

fn network_of_host() -> Network {
    let addr = |text: &str| text.parse::<IpAddr>().unwrap();
    Network {
        addresses: vec![addr("100.64.0.1"), addr("192.168.1.2")],
        on_link: vec!["192.168.1.0/24".parse().unwrap()],
        gateways: vec![addr("192.168.1.1")],
        resolvers: vec![addr("198.51.100.53")],
        relays: vec![],
    }
}

fn new(kind: ChangeKind, destination: Option<&str>) -> NewChange {
    NewChange {
        kind,
        destination: destination.map(str::to_owned),
        client: None,
        seconds: None,
        comment: String::new(),
        session: None,
        force: false,
    }
}

fn block(destination: &str) -> NewChange {
    new(ChangeKind::Block, Some(destination))
}

impl Book {
    fn try_add(&mut self, new: &NewChange) -> Result<Change, Refusal> {
        self.add(new, "root", &config(), &network_of_host(), NOW)
    }

    fn must_add(&mut self, new: &NewChange) -> Change {
        self.try_add(new).unwrap()
    }

    fn says(&self, client: &str, remote: &str) -> RuntimeFlags {
        self.overlay()
            .flags(client.parse().unwrap(), remote.parse().unwrap())
    }
}

#[test]
fn a_block_is_in_force_until_it_is_taken_back() {
    let mut book = Book::default();
    let change = book.must_add(&block("203.0.113.7/24"));
    assert_eq!(change.id, 1);
    assert_eq!(change.destination, Some("203.0.113.0/24".parse().unwrap()));
    assert_eq!(book.says("100.64.0.9", "203.0.113.99"), RuntimeFlags::BLOCK);
    assert_eq!(book.remove(1).unwrap(), change);
    assert_eq!(
        book.says("100.64.0.9", "203.0.113.99"),
        RuntimeFlags::default()
    );
    let refusal = book.remove(1).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::NotFound);
    // A number is never given again.
    assert_eq!(book.must_add(&block("203.0.113.7")).id, 2);
}

#[test]
fn a_change_for_a_client_by_name_is_for_its_addresses_and_follows_the_configuration() {
    let mut book = Book::default();
    let of_client = NewChange {
        client: Some("web1".into()),
        ..new(ChangeKind::Lockdown, None)
    };
    book.must_add(&of_client);
    let locked = RuntimeFlags::LOCKDOWN;
    assert_eq!(book.says("100.64.0.9", "203.0.113.7"), locked);
    assert_eq!(book.says("fd7a:115c:a1e0::9", "2001:db8::7"), locked);
    assert_eq!(
        book.says("100.64.0.10", "203.0.113.7"),
        RuntimeFlags::default()
    );
    let mut moved = config();
    moved.clients[0].prefixes = vec!["100.64.0.10/32".parse().unwrap()];
    assert!(book.look_up(&moved));
    assert!(!book.look_up(&moved));
    assert_eq!(book.says("100.64.0.10", "203.0.113.7"), locked);
    // Who is gone from the configuration stays locked down.
    moved.clients.clear();
    assert!(!book.look_up(&moved));
    assert_eq!(book.says("100.64.0.10", "203.0.113.7"), locked);
}

#[test]
fn what_has_an_end_ends_and_what_has_none_stays() {
    let mut book = Book::default();
    book.must_add(&block("203.0.113.1"));
    let hour = NewChange {
        seconds: Some(3_600),
        ..block("203.0.113.2")
    };
    let end = book.must_add(&hour).until.unwrap();
    assert_eq!(end, NOW + SignedDuration::from_hours(1));
    assert_eq!(book.next_end(), Some(end));
    assert_eq!(book.expire(end - SignedDuration::from_secs(1)), vec![]);
    let over = book.expire(end);
    assert_eq!(over.len(), 1);
    assert_eq!(over[0].id, 2);
    assert_eq!(book.next_end(), None);
    assert_eq!(book.changes().len(), 1);
}

#[test]
fn the_same_again_gives_it_another_end_and_not_another_number() {
    let mut book = Book::default();
    book.must_add(&block("203.0.113.1"));
    let again = NewChange {
        seconds: Some(60),
        comment: "shorter".into(),
        ..block("203.0.113.1/32")
    };
    let change = book.must_add(&again);
    assert_eq!(change.id, 1);
    assert_eq!(book.changes(), &[change]);
}

#[test]
fn what_makes_no_sense_is_refused_with_what_is_wrong() {
    let mut book = Book::default();
    book.must_add(&block("203.0.113.0/24"));
    let client = |name: &str| NewChange {
        client: Some(name.into()),
        ..block("198.51.100.1")
    };
    for (new, word) in [
        (block("example.com"), "no destination"),
        (block("203.0.113.0/33"), "no destination"),
        (new(ChangeKind::Block, None), "block what"),
        (
            new(ChangeKind::Lockdown, Some("203.0.113.7")),
            "whatever the destination",
        ),
        (client("web2"), "clients: web1"),
        (
            NewChange {
                seconds: Some(0),
                ..block("198.51.100.1")
            },
            "a second to ten years",
        ),
        (
            NewChange {
                seconds: Some(u64::MAX),
                ..block("198.51.100.1")
            },
            "a second to ten years",
        ),
        (
            NewChange {
                comment: "x".repeat(201),
                ..block("198.51.100.1")
            },
            "200 bytes",
        ),
        (
            new(ChangeKind::Allow, Some("203.0.113.7")),
            "block 1 of 203.0.113.7/32 comes before",
        ),
    ] {
        let refusal = book.try_add(&new).unwrap_err();
        assert!(refusal.message.contains(word), "{word}: {refusal}");
        assert_ne!(refusal.kind, RefusalKind::Dangerous, "{refusal}");
    }
    assert_eq!(book.changes().len(), 1);
}

#[test]
fn what_would_cut_this_host_or_open_its_network_needs_force() {
    let allow = |net| new(ChangeKind::Allow, Some(net));
    let own = NewChange {
        client: Some("100.64.0.1".into()),
        ..new(ChangeKind::Lockdown, None)
    };
    for (new, word) in [
        (block("100.64.0.9"), "the tailnet"),
        (block("192.168.1.1"), "192.168.1.0/24"),
        (block("198.51.100.53"), "a resolver of this host"),
        (block("198.51.100.0/24"), "holds 198.51.100.53"),
        (block("0.0.0.0/0"), "the tailnet"),
        (block("32.0.0.0/4"), "a large part of the Internet"),
        (block("4000::/3"), "a large part of the Internet"),
        (allow("192.168.1.7"), "a network of this host"),
        (allow("192.0.0.0/4"), "a network of this host"),
        (allow("0.0.0.0/1"), "no blocklist would stop"),
        (own, "no client"),
    ] {
        let mut book = Book::default();
        let refusal = book.try_add(&new).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Dangerous, "{refusal}");
        assert!(refusal.message.contains(word), "{word}: {refusal}");
        book.must_add(&NewChange { force: true, ..new });
    }
    // The session of whoever asks, in whatever way it would be cut.
    let session = |address: &str, new: NewChange| NewChange {
        session: Some(address.parse().unwrap()),
        ..new
    };
    let lockdown = |client: Option<&str>| NewChange {
        client: client.map(str::to_owned),
        ..new(ChangeKind::Lockdown, None)
    };
    for new in [
        session("203.0.113.7", block("203.0.113.0/24")),
        session("100.64.0.9", lockdown(Some("web1"))),
        session("100.64.0.9", lockdown(None)),
    ] {
        let refusal = Book::default().try_add(&new).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Dangerous, "{refusal}");
        assert!(refusal.message.contains("the session"), "{refusal}");
    }
    Book::default().must_add(&session("100.64.0.10", lockdown(Some("web1"))));
    Book::default().must_add(&session("203.0.113.7", lockdown(None)));
    // The panic button needs none.
    Book::default().must_add(&new(ChangeKind::Lockdown, None));
}

#[test]
fn there_is_an_end_to_changes() {
    let mut book = Book::default();
    for place in 0..MAX_CHANGES {
        book.must_add(&block(&format!("2001:db8::{place:x}")));
    }
    let refusal = book.try_add(&block("203.0.113.7")).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Failed);
    // A new end for one of them is no new one.
    book.must_add(&block("2001:db8::1"));
}

#[test]
fn the_file_says_what_was_written_or_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/changes.json");
    assert_eq!(load::<Book>(&path).unwrap(), None);
    let mut book = Book::default();
    book.must_add(&NewChange {
        client: Some("web1".into()),
        seconds: Some(60),
        comment: "why".into(),
        ..block("2001:db8::/32")
    });
    book.must_add(&new(ChangeKind::Lockdown, None));
    save(&path, &book).unwrap();
    assert_eq!(load(&path).unwrap(), Some(book.clone()));
    for text in ["", "{}", "{\"v\":2,\"next\":1,\"changes\":[]}", "[1]"] {
        std::fs::write(&path, text).unwrap();
        let error = load::<Book>(&path).unwrap_err();
        assert!(matches!(error, FileError::Damaged { .. }), "{error}");
    }
    // A folder in the place of the file.
    let error = save(folder.path(), &book).unwrap_err();
    assert!(matches!(error, FileError::Write { .. }), "{error}");
}
