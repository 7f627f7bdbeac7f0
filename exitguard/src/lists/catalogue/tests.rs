//! What every entry of the catalogue has to be.

use super::*;
use std::collections::HashSet;
use ureq::http::Uri;

#[test]
fn every_list_has_a_name_of_its_own_and_all_that_is_to_be_said() {
    let names: HashSet<&str> = ALL.iter().map(|known| known.name).collect();
    assert_eq!(names.len(), ALL.len());
    assert!(ALL.is_sorted_by_key(|known| known.name));
    for known in ALL {
        let Known { name, .. } = known;
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(!name.is_empty() && name.bytes().all(fits), "{name}");
        for said in [known.what, known.licence, known.size] {
            assert!(!said.is_empty() && said.trim() == said, "{name}: {said}");
        }
        assert!((5..=7 * 24 * 60).contains(&known.interval), "{name}");
    }
}

#[test]
fn every_list_is_downloaded_encrypted_and_from_a_place_of_its_own() {
    let urls: HashSet<&str> = ALL.iter().map(|known| known.url).collect();
    assert_eq!(urls.len(), ALL.len());
    for known in ALL {
        let uri: Uri = known.url.parse().unwrap();
        assert_eq!(uri.scheme_str(), Some("https"), "{}", known.name);
        assert!(
            uri.host().is_some_and(|host| host.contains('.')),
            "{}",
            known.name
        );
        assert!(uri.path().len() > 1, "{}", known.name);
    }
}

/// The catalogue and the configuration are one: each name is understood, with all that comes with it.
#[test]
fn every_list_can_be_named_in_the_configuration() {
    use crate::config::{self, Source};
    use crate::diagnostic::SourceFile;
    for known in ALL {
        let text = format!(
            "[egress]\ntcp = []\nudp = []\n[[list]]\nname = \"a\"\nsource = \"{SCHEME}{}\"\n",
            known.name
        );
        let checked = config::parse(&SourceFile::new("exitguard.toml", text)).unwrap();
        let [list] = &checked.config.lists[..] else {
            panic!("{:?}", checked.config.lists)
        };
        assert_eq!(list.source, Source::Url(known.url.to_owned()));
        assert_eq!(list.format, Some(known.format.into()));
        assert_eq!(list.allow_empty, known.allow_empty);
        let minutes = list.interval.unwrap().as_secs() / 60;
        assert_eq!(minutes, u64::from(known.interval));
        let by_name = config::parse_format(known.format.name()).unwrap();
        assert_eq!(by_name, known.format.into());
    }
}
