//! Keys.

use super::{act, answers, dialogs, moves};
use crate::tui::input::Effect;
use crate::tui::model::{Model, Tab};
use crate::tui::units::Unit;
use jiff::Timestamp;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(super) fn pressed(model: &mut Model, key: KeyEvent, now: Timestamp) -> Vec<Effect> {
    if key.modifiers.contains(KeyModifiers::ALT) {
        // A terminal says the same of Alt with a key and of Esc right before one, and only Esc means anything here.
        let mut effects = pressed(model, KeyCode::Esc.into(), now);
        let modifiers = key.modifiers.difference(KeyModifiers::ALT);
        effects.extend(pressed(model, KeyEvent { modifiers, ..key }, now));
        return effects;
    }
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    if is_control && key.code == KeyCode::Char('c') {
        return vec![Effect::Quit];
    }
    if model.dialog.is_some() {
        return dialogs::pressed(model, key.code);
    }
    if model.search.typing.is_some() {
        typed(model, key);
        return Vec::new();
    }
    if model.with_help {
        model.with_help = false;
        return Vec::new();
    }
    if is_control {
        return Vec::new();
    }
    // What was said is read when the next thing is done.
    model.message = None;
    match key.code {
        KeyCode::Char('q') => return vec![Effect::Quit],
        KeyCode::Char(' ' | 'p') => return pause(model, now),
        KeyCode::Char('/') => model.search.begin(),
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => model.with_help = true,
        KeyCode::Char('d') => {
            model.with_detail = !model.with_detail;
            model.keep_in_sight();
        }
        KeyCode::Char('U' | 'i') => {
            model.unit = match model.unit {
                Unit::Bytes => Unit::Bits,
                Unit::Bits => Unit::Bytes,
            };
        }
        KeyCode::Char('n') => model.with_services = !model.with_services,
        KeyCode::Char('s' | '>') => moves::sort_by_next(model, false),
        KeyCode::Char('S' | '<') => moves::sort_by_next(model, true),
        KeyCode::Char('r') => moves::reverse(model),
        KeyCode::Char('b') => act::ask_block(model),
        KeyCode::Char('a') => act::ask_allow(model),
        KeyCode::Char('B') => act::ask_lockdown(model),
        KeyCode::Char('u') => act::ask_undo(model),
        KeyCode::Char(digit @ '1'..='7') => {
            let index = digit.to_digit(10).unwrap_or(1) as usize - 1;
            moves::go_to(model, Tab::Clients.stepped(index));
        }
        KeyCode::Tab | KeyCode::Right => moves::go_to(model, model.tab.stepped(1)),
        KeyCode::BackTab | KeyCode::Left => {
            moves::go_to(model, model.tab.stepped(Tab::ALL.len() - 1));
        }
        KeyCode::Down | KeyCode::Char('j') => moves::down(model, 1),
        KeyCode::Up | KeyCode::Char('k') => moves::up(model, 1),
        KeyCode::PageDown => moves::down(model, moves::page(model)),
        KeyCode::PageUp => moves::up(model, moves::page(model)),
        KeyCode::Home | KeyCode::Char('g') => moves::up(model, usize::MAX),
        KeyCode::End | KeyCode::Char('G') => moves::down(model, usize::MAX),
        KeyCode::Enter => moves::enter(model),
        KeyCode::Esc | KeyCode::Backspace => moves::back(model),
        KeyCode::Char(other) => {
            answers::trouble(
                model,
                format!("no such key: {}; ? shows them all", other.escape_debug()),
            );
        }
        _ => {}
    }
    Vec::new()
}

fn pause(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    if model.paused.take().is_some() {
        model.now = now;
        model.forget_counters();
        model.sort();
        return vec![Effect::WantFlows(true)];
    }
    model.paused = Some(now);
    vec![Effect::WantFlows(false)]
}

fn typed(model: &mut Model, key: KeyEvent) {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => model.search.finish(),
        KeyCode::Esc => model.search.cancel(),
        KeyCode::Char('u') if is_control => model.search.delete_all(),
        KeyCode::Char(_) if is_control => return,
        KeyCode::Char(c) => model.search.insert(c),
        KeyCode::Backspace => model.search.delete(),
        KeyCode::Left => model.search.left(),
        KeyCode::Right => model.search.right(),
        _ => return,
    }
    model.sort();
}
