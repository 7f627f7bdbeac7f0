//! Keys while something is asked.

use crate::control::NewChange;
use crate::tui::input::{Effect, Wish};
use crate::tui::model::{Dialog, Model};
use ratatui::crossterm::event::KeyCode;

pub(super) fn pressed(model: &mut Model, key: KeyCode) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else {
        return Vec::new();
    };
    let choices = dialog.choices();
    let choice = dialog.choice();
    match key {
        KeyCode::Esc | KeyCode::Char('q' | 'n') => {
            model.dialog = None;
        }
        KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => {
            *choice = (*choice + 1) % choices.max(1);
        }
        KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => {
            *choice = choice.checked_sub(1).unwrap_or(choices.saturating_sub(1));
        }
        KeyCode::Char('c') => {
            if let Dialog::Ask(ask) = dialog
                && ask.can_be_for_one_client()
            {
                ask.only_client = !ask.only_client;
            }
        }
        KeyCode::Enter => return confirmed(model),
        _ => {}
    }
    Vec::new()
}

fn confirmed(model: &mut Model) -> Vec<Effect> {
    let wish = match model.dialog.take() {
        Some(Dialog::Ask(ask)) => ask.change().map(Wish::Change),
        Some(Dialog::Force {
            change, choice: 1, ..
        }) => Some(Wish::Change(NewChange {
            force: true,
            ..change
        })),
        Some(Dialog::Undo { changes, choice }) => {
            changes.get(choice).map(|change| Wish::Revert(change.id))
        }
        Some(Dialog::Force { .. }) | None => None,
    };
    wish.map(Effect::Wish).into_iter().collect()
}
