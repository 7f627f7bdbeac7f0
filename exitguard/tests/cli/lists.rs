//! `exitguard lists`: what is in a file, and the exit code that a script acts on.

use crate::{Folder, MINIMAL, exitguard, exitguard_in};

#[test]
fn a_script_learns_from_the_exit_code_whether_a_list_would_be_taken() {
    let folder = Folder::new();
    folder.write("good.txt", "198.51.100.0/24\n");
    folder.write("wrong.txt", "198.51.100.0/24\nexample.com\n");
    folder.write("page.txt", "<html>");
    folder.write("empty.txt", "");
    let eights: String = (20..40).map(|first| format!("{first}.0.0.0/8\n")).collect();
    folder.write("half.txt", eights);
    for (args, code) in [
        (&["good.txt"][..], 0),
        (&["good.txt", "--json"], 0),
        (&["good.txt", "--format", "plain"], 0),
        (&["empty.txt", "--allow-empty"], 0),
        (&["half.txt", "--max-coverage", "8"], 0),
        (&["half.txt"], 1),
        (&["half.txt", "--max-coverage", "0"], 2),
        (&["half.txt", "--max-coverage", "101"], 2),
        (&["good.txt", "--format", "domains"], 1),
        (&["wrong.txt"], 1),
        (&["wrong.txt", "--json"], 1),
        (&["page.txt"], 1),
        (&["empty.txt"], 1),
        (&["absent.txt"], 2),
        (&["."], 2),
        (&["good.txt", "--format", "plane"], 2),
        (&["good.txt", "--format", "{ type = \"json\", "], 2),
        (&["good.txt", "--format", "\"\n\u{7f}"], 2),
    ] {
        let said = exitguard_in(folder.path(), ["lists", "check"].iter().chain(args));
        assert_eq!(said.code, Some(code), "{args:?}\n{}", said.stderr);
        // An answer is printed, a mistake is told.
        assert_eq!(said.stdout.is_empty(), code == 2, "{args:?}");
        assert_eq!(said.stderr.is_empty(), code != 2, "{args:?}");
        if args.contains(&"--json") {
            let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
            assert_eq!(json["taken"], code == 0);
        }
    }
}

#[test]
fn a_format_of_the_configuration_is_used() {
    let folder = Folder::new();
    folder.write("table.csv", "a;198.51.100.1\nb;198.51.100.2\n");
    let list = format!("{MINIMAL}[[list]]\nname = \"table\"\nsource = \"table.csv\"\n");
    assert_eq!(folder.run(&list, &["check"]).code, Some(2));
    let described =
        format!("{list}format = {{ type = \"columns\", separator = \";\", address = 2 }}\n");
    let said = folder.run(&described, &["check"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(
        said.stdout.contains("table: 2 entries, deny"),
        "{}",
        said.stdout
    );
}

#[test]
fn what_is_left_out_of_a_list_is_told() {
    let folder = Folder::new();
    folder.write(
        "feed.txt",
        "100.64.0.0/10\n10.0.0.0/8\n64.0.0.0/6\n192.200.0.0/16\n198.51.100.7\n",
    );
    let list = format!("{MINIMAL}[[list]]\nname = \"feed\"\nsource = \"feed.txt\"\n");
    let said = folder.run(&list, &["check"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    for expected in [
        "64.0.0.0/6",
        "list \"feed\": 100.64.0.0/10 holds 100.64.0.0/10, the tailnet; left out",
        "list \"feed\": 192.200.0.0/16 holds 192.200.0.0/24, Tailscale's control servers; left out",
        "exitguard.toml:",
    ] {
        assert!(
            said.stderr.contains(expected),
            "{expected}\n{}",
            said.stderr
        );
    }
    let left_out = "feed: 4 entries, deny\n            2 in special-purpose ranges, left out\n";
    assert!(said.stdout.contains(left_out), "{}", said.stdout);
    let checked = exitguard_in(folder.path(), ["lists", "check", "feed.txt"]);
    assert_eq!(checked.code, Some(0));
    for expected in [
        "left out    64.0.0.0/6: shorter than /8, or /16 of IPv6\n",
        "left out    1 in 10.0.0.0/8 (private)\n",
        "left out    100.64.0.0/10 holds 100.64.0.0/10, the tailnet\n",
        "blocks      65537 IPv4 addresses",
    ] {
        assert!(
            checked.stdout.contains(expected),
            "{expected}\n{}",
            checked.stdout
        );
    }
    // The rest of the entry that holds Tailscale's servers is blocked, by its name in the list.
    let said = folder.run(&list, &["explain", "192.200.1.1:443"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stdout.contains("feed, entry 192.200.0.0/16"),
        "{}",
        said.stdout
    );
    for passing in ["192.200.0.1:443", "64.1.2.3:443"] {
        assert_eq!(
            folder.run(&list, &["explain", passing]).code,
            Some(0),
            "{passing}"
        );
    }
}

#[test]
fn a_list_of_half_the_internet_is_taken_only_if_it_is_meant() {
    let folder = Folder::new();
    let eights: String = (20..40).map(|first| format!("{first}.0.0.0/8\n")).collect();
    folder.write("country.txt", eights);
    let list = format!("{MINIMAL}[[list]]\nname = \"country\"\nsource = \"country.txt\"\n");
    let said = folder.run(&list, &["check"]);
    assert_eq!(said.code, Some(2));
    let why = "it covers 7.8 % of all IPv4 addresses, more than 5 %";
    assert!(said.stderr.contains(why), "{}", said.stderr);
    assert!(said.stderr.contains("max_coverage"), "{}", said.stderr);
    let checked = exitguard_in(folder.path(), ["lists", "check", "country.txt"]);
    assert_eq!(checked.code, Some(1));
    assert!(checked.stdout.contains(why), "{}", checked.stdout);
    let meant = format!("{list}max_coverage = 8\n");
    assert_eq!(folder.run(&meant, &["check"]).code, Some(0));
    assert_eq!(
        folder.run(&meant, &["explain", "21.0.0.1:443"]).code,
        Some(1)
    );
}

#[test]
fn the_catalogue_is_shown_to_people_and_to_programs() {
    let said = exitguard(["lists", "catalogue"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!("catalogue-text", said.stdout);
    let said = exitguard(["lists", "catalogue", "--json"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let drop = json.as_array().unwrap().iter();
    let drop: Vec<_> = drop
        .filter(|list| list["name"] == "spamhaus-drop")
        .collect();
    let said = ["url", "direction", "interval_minutes", "format"].map(|key| &drop[0][key]);
    assert_eq!(said[0], "https://www.spamhaus.org/drop/drop_v4.json");
    assert_eq!((said[1], said[2]), (&"both".into(), &60.into()));
    assert_eq!((said[3], drop.len()), (&"spamhaus-json".into(), 1));
}

#[test]
fn a_list_of_the_catalogue_is_a_list_like_others() {
    let folder = Folder::new();
    let list = format!(
        "{MINIMAL}[[list]]\nname = \"c2\"\nsource = \"catalogue:feodo\"\n[lists]\ncache = \"cache\"\n"
    );
    let said = folder.run(&list, &["check"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("the list \"c2\" was not downloaded yet"),
        "{}",
        said.stderr
    );
    let said = folder.run(&list, &["lists", "status"]);
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.stdout,
        "c2: never downloaded; 0 entries in force, from https://feodotracker.abuse.ch/downloads/ipblocklist.txt\n"
    );
}

#[test]
fn names_are_counted_wherever_a_list_is_told() {
    let folder = Folder::new();
    folder.write(
        "feed.txt",
        "# hosts\n0.0.0.0 ads.example.com\n0.0.0.0 track.example.net\n0.0.0.0 x.example.org\n",
    );
    let list = format!("{MINIMAL}[[list]]\nname = \"feed\"\nsource = \"feed.txt\"\n");
    let said = folder.run(&list, &["check"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let told = "feed: 0 entries, deny\n            3 names, not enforced yet\n";
    assert!(said.stdout.contains(told), "{}", said.stdout);
    let said = folder.run(&list, &["check", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["lists"][0]["names"], 3);
    let said = folder.run(&list, &["lists", "status"]);
    let told = "feed: ok; 3 entries in force, 3 of them names, which are not enforced yet\n";
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), told));
    let said = folder.run(&list, &["lists", "status", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        (&json[0]["names"], &json[0]["accepted"]),
        (&3.into(), &3.into())
    );
    let said = exitguard_in(folder.path(), ["lists", "check", "feed.txt"]);
    assert!(
        said.stdout.contains("names       3, 0 of them"),
        "{}",
        said.stdout
    );
}
