//! What came of a wish, in words.

use crate::control::{ChangeKind, Changed, RefusalKind};
use crate::diagnostic::printable;
use crate::tui::input::{Refused, Wish};
use crate::tui::model::{Dialog, Message, Model, subject};
use crate::tui::{units, words};

pub(super) fn trouble(model: &mut Model, text: String) {
    model.message = Some(Message {
        text,
        is_trouble: true,
    });
}

pub(super) fn answered(model: &mut Model, wish: &Wish, result: Result<Box<Changed>, Refused>) {
    match result {
        Ok(changed) => {
            let text = done(wish, &changed);
            let change = changed.change;
            model.changes.retain(|known| known.id != change.id);
            if matches!(wish, Wish::Change(_)) {
                model.changes.push(change);
            }
            model.message = Some(Message {
                text,
                is_trouble: false,
            });
        }
        Err(refused) => no(model, wish, &refused),
    }
}

fn done(wish: &Wish, changed: &Changed) -> String {
    let change = &changed.change;
    let what = printable(&subject(change));
    let generation = changed.generation;
    let flows = match changed.flows {
        0 => String::new(),
        1 => ", 1 open flow".to_owned(),
        flows => format!(", {flows} open flows"),
    };
    match wish {
        Wish::Revert(_) => {
            let kind = change.kind.name();
            format!("taken back: {kind} {what}: policy {generation}{flows}")
        }
        Wish::Change(_) => {
            let until = change.until.map_or_else(
                || "until it is taken back".to_owned(),
                |at| format!("until {}", units::clock(at)),
            );
            let done = words::done(change.kind);
            if changed.mode == "observe" && change.kind != ChangeKind::Allow {
                return format!(
                    "reported and let pass, as the mode is observe: {what} {until}; u undoes"
                );
            }
            format!("{done} {what} {until}: policy {generation}{flows}; u undoes")
        }
    }
}

fn no(model: &mut Model, wish: &Wish, refused: &Refused) {
    let why = printable(&refused.message);
    match (refused.kind, wish) {
        (Some(RefusalKind::Dangerous), Wish::Change(change)) => {
            // Cancelling is what comes first: whoever types Enter twice has not read it.
            model.dialog = Some(Dialog::Force {
                change: change.clone(),
                why,
                choice: 0,
            });
        }
        (Some(RefusalKind::NotPermitted), _) => trouble(model, format!("not permitted: {why}")),
        (Some(_), _) => trouble(model, format!("nothing was changed: {why}")),
        (None, _) => trouble(model, format!("whether it was done is not known: {why}")),
    }
}
