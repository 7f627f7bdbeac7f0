//! The commands of the README, as somebody types them.

use std::fs;
use std::path::Path;

/// What root types in the console that has this line, one command a line.
pub(crate) fn console_with(line: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(path).unwrap();
    let consoles = readme.split("```").filter(|text| {
        text.starts_with("console\n") && text.lines().any(|this| this == format!("# {line}"))
    });
    let [console] = consoles.collect::<Vec<_>>()[..] else {
        panic!("the README should have one console with the line `{line}`");
    };
    console
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .fold(String::new(), |commands, line| commands + line + "\n")
}
