//! Files that are wrong: where, what and what to do, on stderr; nothing on stdout; exit code 2.

use crate::{Folder, MINIMAL, Said, with_config};

/// What has to be said about a mistake.
struct Mistake<'a> {
    /// `file:line:column`.
    place: &'a str,
    /// What is underlined.
    offending: &'a str,
    /// A part of the hint.
    hint: &'a str,
}

impl Mistake<'_> {
    fn is_told_in(&self, said: &Said) {
        let Self {
            place,
            offending,
            hint,
        } = self;
        let told = &said.stderr;
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{told}");
        assert!(
            told.contains(&format!("error: {place}: ")),
            "{place}\n{told}"
        );
        let column: usize = place.rsplit(':').next().unwrap().parse().unwrap();
        let mark = "^".repeat(offending.chars().count());
        let marked = told.lines().zip(told.lines().skip(1)).any(|(line, below)| {
            // The line of the file stands behind its number and a bar.
            let (Some((_, line)), Some((_, below))) =
                (line.split_once(" | "), below.split_once(" | "))
            else {
                return false;
            };
            let at = column - 1;
            line.get(at..)
                .is_some_and(|rest| rest.starts_with(offending))
                && below.trim_end() == format!("{}{mark}", " ".repeat(at))
        });
        assert!(marked, "{offending}\n{told}");
        let hinted = told
            .lines()
            .any(|line| line.contains("help: ") && line.contains(hint));
        assert!(hinted, "{hint}\n{told}");
    }
}

fn client(name: &str, matches: &str) -> String {
    format!("[[client]]\nname = \"{name}\"\nmatch = {matches}\n")
}

#[test]
fn each_mistake_is_told_with_its_place_and_a_hint() {
    let with = |more: &str| format!("{MINIMAL}{more}");
    for (text, place, offending, hint) in [
        (with("tpc = [80]\n"), "5:1", "tpc", "`tcp`"),
        (
            "[egress]\ntcp = [443, 0]\nudp = []\n".into(),
            "2:13",
            "0",
            "1 to 65535",
        ),
        (
            "[egress]\ntcp = [70000]\nudp = []\n".into(),
            "2:8",
            "70000",
            "1 to 65535",
        ),
        (
            "[egress]\ntcp = [\"90-80\"]\nudp = []\n".into(),
            "2:8",
            "\"90-80\"",
            "80-90",
        ),
        (
            with("[allow]\ndestinations = [\"10.0.0.0/33\"]\n"),
            "6:17",
            "\"10.0.0.0/33\"",
            "0 to 32",
        ),
        (with(&client("a", "[]")), "7:9", "[]", "match = "),
        (
            with(&(client("a", "[\"100.64.0.9\"]") + &client("b", "[\"100.64.0.9\"]"))),
            "10:10",
            "\"100.64.0.9\"",
            "client",
        ),
        (
            with(&(client("a", "[\"100.64.0.0/24\"]") + &client("b", "[\"100.64.0.0/24\"]"))),
            "10:10",
            "\"100.64.0.0/24\"",
            "client",
        ),
        (
            // Equal only once the host bits are gone.
            with(&(client("a", "[\"100.64.0.0/24\"]") + &client("b", "[\"100.64.0.7/24\"]"))),
            "10:10",
            "\"100.64.0.7/24\"",
            "client",
        ),
    ] {
        for command in [&["check"][..], &["explain", "192.0.2.1:443"], &["run"]] {
            let said = with_config(&text, command);
            Mistake {
                place: &format!("exitguard.toml:{place}"),
                offending,
                hint,
            }
            .is_told_in(&said);
        }
    }
}

#[test]
fn a_list_line_that_is_no_prefix_is_shown_where_it_is() {
    let folder = Folder::new();
    folder.write("bad.txt", "192.0.2.1\n  example.com # not an address\n");
    let text = format!("{MINIMAL}[[list]]\nname = \"bad\"\nsource = \"bad.txt\"\n");
    let said = folder.run(&text, &["check"]);
    Mistake {
        place: "bad.txt:2:3",
        offending: "example.com",
        hint: "one address or prefix per line",
    }
    .is_told_in(&said);
}

#[test]
fn an_unreadable_list_is_shown_where_it_is_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    folder.write("binary.txt", [0xff, 0xfe, 0]);
    folder.write("page.txt", "<html>");
    for (source, why, hint) in [
        (
            "absent.txt",
            "No such file or directory",
            "relative to the folder",
        ),
        ("folder", "not a regular file", "relative to the folder"),
        ("binary.txt", "UTF-16", "save it as UTF-8"),
        ("page.txt", "web page", "look at it in a browser"),
    ] {
        let text = format!("{MINIMAL}[[list]]\nname = \"bad\"\nsource = \"{source}\"\n");
        let said = folder.run(&text, &["check"]);
        Mistake {
            place: "exitguard.toml:7:10",
            offending: &format!("\"{source}\""),
            hint,
        }
        .is_told_in(&said);
        assert!(said.stderr.contains(why), "{}", said.stderr);
    }
}

#[test]
fn all_mistakes_are_told_at_once_and_counted_by_none() {
    let said = with_config("mode = 1\n[egress]\ntcp = [0]\nudp = [70000]\n", &["check"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    for place in ["1:8", "3:8", "4:8"] {
        assert!(
            said.stderr.contains(&format!("exitguard.toml:{place}: ")),
            "{}",
            said.stderr
        );
    }
    let last = said.stderr.lines().last().unwrap();
    assert_eq!(
        last,
        "exitguard: exitguard.toml is not a valid configuration"
    );
}
