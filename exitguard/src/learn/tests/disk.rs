//! What is kept for the next daemon.

use super::*;
use crate::kept_file::{load, save, take};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/changes.observed.json");
    assert_eq!(load::<Observed>(&path).unwrap(), None);
    let mut row = row("100.64.0.9", 6, Some(443));
    row.destinations.push(ObservedDestination {
        address: "192.168.1.20".parse().unwrap(),
        list: None,
        flows: 3,
        last: at(19),
    });
    let mut observed = observed(vec![row]);
    for dropped_flows in [0, 7] {
        observed.dropped_flows = dropped_flows;
        save(&path, &observed).unwrap();
        assert_eq!(load(&path).unwrap().as_ref(), Some(&observed));
    }
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_damaged_file_is_named_and_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changes.observed.json");
    let whole = serde_json::to_string(&observed(vec![])).unwrap();
    let other_version = whole.replacen('{', "{\"v\":2,", 1);
    for (text, why) in [
        ("", "EOF"),
        ("\u{0}\u{0}", "expected value"),
        (whole.as_str(), "missing field `v`"),
        (other_version.as_str(), "it is of version 2, not 1"),
    ] {
        fs::write(&path, text).unwrap();
        let error = load::<Observed>(&path).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert!(
            error.contains("changes.observed.json is damaged"),
            "{error}"
        );
        let (nothing, why) = take::<Observed>(&path);
        assert_eq!(nothing, None);
        let aside = path.with_added_extension("damaged");
        let place = format!("{error}; it is {} now", aside.display());
        assert_eq!(why, Some(place));
        assert_eq!(fs::read_to_string(&aside).unwrap(), text);
        assert_eq!(load::<Observed>(&path).unwrap(), None);
    }
}

#[test]
fn it_is_never_the_file_of_the_changes() {
    for changes in ["/var/lib/exitguard/changes.json", "observed.json", "a"] {
        let changes = Path::new(changes);
        let path = path_beside(changes);
        assert_ne!(path, changes);
        assert_eq!(path.parent(), changes.parent());
    }
}
