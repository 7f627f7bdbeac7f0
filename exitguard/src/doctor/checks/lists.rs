//! Lists that are downloaded.

use super::AS_ROOT;
use crate::doctor::Finding;
use crate::doctor::facts::{Facts, ListFacts, ListState};
use jiff::SignedDuration;

/// After so long nobody asks for updates, or none succeeds.
const STALE: SignedDuration = SignedDuration::from_hours(72);

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    if facts.lists.is_empty() {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = facts.lists.iter().filter_map(list).collect();
    if findings.is_empty() {
        let found = format!("up to date: {}", facts.lists.len());
        findings.push(Finding::ok("lists", found));
    }
    let (folder, trouble) = &facts.cache;
    // Whoever updates lists is root.
    if let Some(why) = trouble.as_ref().filter(|_| facts.machine.is_root) {
        let found = format!("cannot write to {}: {why}", folder.display());
        let remedy =
            "let `exitguard lists update` run as root, or name another folder in `[lists] cache`";
        findings.push(Finding::problem("list cache", found, remedy));
    }
    findings
}

fn list(list: &ListFacts) -> Option<Finding> {
    const NAME: &str = "lists";
    let name = &list.name;
    let say = |what: String| format!("{name}: {what}");
    match &list.state {
        ListState::Hidden => Some(Finding::unknown(
            NAME,
            say("this user may not look into the folder of lists".to_owned()),
            AS_ROOT,
        )),
        ListState::Never => Some(Finding::problem(
            NAME,
            say("never downloaded: it blocks nothing".to_owned()),
            "exitguard lists update, and see to it that cron or the timer runs it",
        )),
        ListState::Held(why) => Some(Finding::problem(
            NAME,
            say(format!("a new version is held ({why})")),
            &format!(
                "look at it with `exitguard lists diff {name}`, take it with `exitguard lists accept {name}`"
            ),
        )),
        ListState::Failed(why) if list.is_in_force => Some(Finding::advice(
            NAME,
            say(format!(
                "the last update failed ({why}); the version before it is in force"
            )),
            "it is tried again; if it goes on, look with `exitguard lists update --force`",
        )),
        ListState::Failed(why) => Some(Finding::problem(
            NAME,
            say(format!(
                "there is no version of it that could be used ({why})"
            )),
            "look with `exitguard lists update --force`",
        )),
        ListState::Fine if list.age > Some(STALE) => Some(Finding::advice(
            NAME,
            say("nobody asked for an update for three days".to_owned()),
            "enable exitguard-lists.timer, or a line for cron",
        )),
        ListState::Fine => None,
    }
}
