//! The lists: what became of them, who is told, and what is kept.

use super::Supervisor;
use crate::daemon::desired::Desired;
use crate::diagnostic::Diagnostic;
use crate::lists::Standing;

impl Supervisor {
    /// Lists grow old, and updates hold what they bring.
    pub(super) fn look_at_lists(&mut self) {
        self.desired.look_at_lists();
        self.tell_lists(false);
    }

    /// Tells of the lists that changed, and of all that are not as they should be if they are `read_anew`.
    pub(super) fn tell_lists(&mut self, read_anew: bool) {
        let known = self.desired.known_lists();
        let now: Vec<_> = known
            .map(|(list, memory)| (list.name.clone(), memory.condition.standing))
            .collect();
        for ((list, memory), (name, standing)) in self.desired.known_lists().zip(&now) {
            let before = self.told_lists.get(name);
            let before = before.copied().unwrap_or(Standing::Current);
            let is_wrong = *standing != Standing::Current;
            if *standing != before || (is_wrong && read_anew) {
                self.reporter.list(list, &memory.condition);
            }
        }
        self.told_lists = now.into_iter().collect();
    }
}

/// Keeps what was put in force. Not before: what is in force protects, what is kept only will.
pub(super) fn keep(desired: &mut Desired, warn: fn(&[Diagnostic])) {
    let warnings = desired.keep();
    warn(&warnings);
}

/// What is in force, for people.
pub(super) fn summary(desired: &Desired, method: &str) -> String {
    let entries: usize = desired.lists.iter().map(|list| list.entries.len()).sum();
    let mut summary = format!(
        "guarded by {method}; client rules: {}; lists: {}, with entries: {entries}",
        desired.config.clients.len(),
        desired.lists.len(),
    );
    let wrong: Vec<_> = desired
        .known_lists()
        .map(|(list, memory)| (&list.name, memory.condition.standing))
        .filter(|(_, standing)| *standing != Standing::Current)
        .map(|(name, standing)| format!("{name}: {}", standing.name().replace('_', " ")))
        .collect();
    if !wrong.is_empty() {
        let wrong = format!("; not current: {} ({})", wrong.len(), wrong.join(", "));
        summary.push_str(&wrong);
    }
    summary
}
