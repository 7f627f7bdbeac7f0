//! `exitguard lists diff`: what a file would change of a list.

use crate::{Folder, MINIMAL, Said};

const OLD: &str = "198.51.100.0/24\n198.51.100.7\n192.0.2.1\n2001:db8::/48\n";

/// Compares a file with a list of the configuration that is `old`.
fn diff(old: &str, new: &str, keys: &str, args: &[&str]) -> Said {
    let folder = Folder::new();
    folder.write("feed.txt", old);
    folder.write("new.txt", new);
    let list = format!("{MINIMAL}[[list]]\nname = \"feed\"\nsource = \"feed.txt\"\n{keys}");
    folder.run(&list, &[&["lists", "diff", "feed"], args].concat())
}

#[test]
fn what_a_file_would_change_is_shown() {
    let new = "# another order\n2001:db8::/48\n198.51.100.0/24\n203.0.113.0/24\n192.200.0.7\n64.0.0.0/6\n";
    let said = diff(OLD, new, "", &["new.txt"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(1), ""));
    insta::assert_snapshot!("diff-text", said.stdout);
    let said = diff(OLD, new, "", &["new.txt", "--json"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(1), ""));
    insta::assert_snapshot!("diff-json", said.stdout);
}

#[test]
fn versions_that_say_the_same_are_the_same() {
    let new = "2001:db8:0::1/48\n# more comments\n198.51.100.0/24\n192.0.2.1/32\n198.51.100.7\n192.0.2.1\n";
    let said = diff(OLD, new, "", &["new.txt"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let told = "\
feed: what is in force, and new.txt
  prefixes  +0 -0: 4, 4 before
  blocks    257 IPv4 addresses, 257 before
  blocks    65536 IPv6 /64 networks, 65536 before
";
    assert_eq!(said.stdout, told);
}

#[test]
fn names_are_compared_too() {
    let keys = "format = \"wildcard\"\n";
    let said = diff(
        "a.example\nb.example\n",
        "b.example\n*.c.example\n",
        keys,
        &["new.txt"],
    );
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    let told = "\
feed: what is in force, and new.txt
  prefixes  +0 -0: 0, 0 before
  names     +1 -1: 2, 2 before, not enforced yet
  blocks    0 IPv4 addresses, 0 before
+c.example and all below it
-a.example
";
    assert_eq!(said.stdout, told);
}

#[test]
fn what_cannot_be_compared_is_a_mistake() {
    for (new, args, why) in [
        ("", &["new.txt"][..], "new.txt is not taken: it is empty"),
        ("192.0.2.1\nnonsense\n", &["new.txt"], "new.txt:2:1"),
        ("192.0.2.1\n", &["absent.txt"], "cannot read absent.txt"),
    ] {
        let said = diff(OLD, new, "", args);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(said.stderr.contains(why), "{}", said.stderr);
    }
    let said = diff(OLD, "", "allow_empty = true\n", &["new.txt"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(
        said.stdout.contains("+0 -4: 0, 4 before"),
        "{}",
        said.stdout
    );
}
