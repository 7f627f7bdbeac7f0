//! Formatting, lints and the rules of the house that no lint knows.

use crate::command::{self, cargo};
use crate::root;
use anyhow::{Result, bail};
use std::fs;
use std::path::Path;
use walkdir::WalkDir;

/// A word that may only be used in some places.
struct Rule {
    word: &'static str,
    /// Paths under the root begin so.
    allowed: &'static [&'static str],
    why: &'static str,
}

const RULES: [Rule; 3] = [
    Rule {
        word: "aya::",
        allowed: &[
            "exitguard/src/datapath/",
            "exitguard-common/src/abi/user.rs",
            // Tests look at what is in the kernel, and take it away, past our own code.
            "exitguard/tests/",
            "tests/tests/e2e/interface.rs",
        ],
        why: "only the room `datapath` knows aya",
    },
    Rule {
        word: "aya_ebpf::",
        allowed: &["exitguard-ebpf/src/"],
        why: "only the kernel programs know aya-ebpf",
    },
    Rule {
        word: "unsafe ",
        allowed: &[
            "exitguard-ebpf/src/",
            "exitguard/src/datapath/raw/",
            "exitguard-common/src/abi/user.rs",
            // A map that exitguard has no use for, filled as fast as the kernel can.
            "tests/benches/cost/lists/trie.rs",
        ],
        why: "unsafe code has its places",
    },
];

/// All of them.
///
/// # Errors
/// When one is broken.
pub fn all() -> Result<()> {
    command::run(cargo().args(["fmt", "--all", "--check"]))?;
    command::run(cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    let broken = broken_rules(&root())?;
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    println!("formatting, lints and the rules of the house: fine");
    Ok(())
}

/// The places under a root that break a rule.
///
/// # Errors
/// When a file cannot be read.
pub fn broken_rules(root: &Path) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for package in ["exitguard", "exitguard-common", "exitguard-ebpf", "tests"] {
        for entry in WalkDir::new(root.join(package)) {
            let path = entry?.into_path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
            broken.extend(broken_in(&name, &fs::read_to_string(&path)?));
        }
    }
    broken.sort();
    Ok(broken)
}

fn broken_in(name: &str, text: &str) -> Vec<String> {
    let rules = RULES
        .iter()
        .filter(|rule| !rule.allowed.iter().any(|place| name.starts_with(place)));
    rules
        .flat_map(|rule| {
            let lines = text.lines().enumerate();
            lines
                .filter(|(_, line)| code(line).is_some_and(|code| code.contains(rule.word)))
                .map(|(index, _)| format!("{name}:{}: {}", index + 1, rule.why))
        })
        .collect()
}

/// A line without its comment.
fn code(line: &str) -> Option<&str> {
    line.split("//").next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_out_of_its_place_is_found_with_its_line() {
        let found = broken_in(
            "exitguard/src/cli/run.rs",
            "// aya:: in a comment\nuse aya::Ebpf;\n",
        );
        assert_eq!(
            found,
            ["exitguard/src/cli/run.rs:2: only the room `datapath` knows aya"]
        );
    }

    #[test]
    fn a_word_in_its_place_is_fine() {
        assert!(broken_in("exitguard/src/datapath/object.rs", "use aya::Ebpf;\n").is_empty());
    }

    #[test]
    fn the_house_keeps_its_rules() {
        assert_eq!(broken_rules(&root()).unwrap(), Vec::<String>::new());
    }
}
