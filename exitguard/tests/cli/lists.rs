//! `exitguard lists`: what is in a file, and the exit code that a script acts on.

use crate::{Folder, MINIMAL, exitguard_in};

#[test]
fn a_script_learns_from_the_exit_code_whether_a_list_would_be_taken() {
    let folder = Folder::new();
    folder.write("good.txt", "192.0.2.0/24\n");
    folder.write("wrong.txt", "192.0.2.0/24\nexample.com\n");
    folder.write("page.txt", "<html>");
    folder.write("empty.txt", "");
    for (args, code) in [
        (&["good.txt"][..], 0),
        (&["good.txt", "--json"], 0),
        (&["good.txt", "--format", "plain"], 0),
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
    folder.write("table.csv", "a;192.0.2.1\nb;192.0.2.2\n");
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
