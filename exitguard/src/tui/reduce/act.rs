//! Keys that change what is in force: each asks first.

use super::answers::trouble;
use crate::control::ChangeKind;
use crate::tui::model::{Ask, Dialog, Link, Model, Step, Tab};
use std::net::IpAddr;

pub(super) fn ask_block(model: &mut Model) {
    ask_about_destination(model, ChangeKind::Block);
}

pub(super) fn ask_allow(model: &mut Model) {
    ask_about_destination(model, ChangeKind::Allow);
}

fn ask_about_destination(model: &mut Model, kind: ChangeKind) {
    let Some((destination, client)) = destination(model) else {
        let name = kind.name();
        trouble(
            model,
            format!("select a destination to {name} first: tabs 2, 4 and 5 have them"),
        );
        return;
    };
    ask(
        model,
        Ask {
            kind,
            destination: Some(destination),
            client,
            only_client: false,
            choice: 0,
        },
    );
}

pub(super) fn ask_lockdown(model: &mut Model) {
    let row = model.selected().and_then(|row| model.flow_of(row));
    let client = row
        .filter(|_| matches!(model.tab, Tab::Clients | Tab::Flows | Tab::Denied))
        .map(|flow| flow.client);
    let Some(client) = client else {
        trouble(
            model,
            "select a client to lock down first: tabs 1, 4 and 5 have them".to_owned(),
        );
        return;
    };
    ask(
        model,
        Ask {
            kind: ChangeKind::Lockdown,
            destination: None,
            client: Some(client),
            only_client: true,
            choice: 0,
        },
    );
}

pub(super) fn ask_undo(model: &mut Model) {
    if model.changes.is_empty() {
        trouble(
            model,
            "nothing to take back: no change at run time is in force".to_owned(),
        );
        return;
    }
    let mut changes = model.changes.clone();
    // The last one first: that is the one most people regret.
    changes.sort_by_key(|change| std::cmp::Reverse(change.id));
    open(model, Dialog::Undo { changes, choice: 0 });
}

fn ask(model: &mut Model, ask: Ask) {
    open(model, Dialog::Ask(ask));
}

fn open(model: &mut Model, dialog: Dialog) {
    if let Link::Lost { .. } = model.link {
        trouble(
            model,
            "nothing can be changed while no daemon answers".to_owned(),
        );
    } else {
        model.dialog = Some(dialog);
    }
}

/// The destination of the selected row, and its client where the row has one.
fn destination(model: &Model) -> Option<(IpAddr, Option<IpAddr>)> {
    let flow = model.flow_of(model.selected()?)?;
    match model.tab {
        Tab::Destinations => {
            let client = model.way.iter().find_map(Step::client);
            Some((flow.remote, client))
        }
        Tab::Flows | Tab::Denied => Some((flow.remote, Some(flow.client))),
        Tab::Clients | Tab::Ports | Tab::Lists | Tab::Events => None,
    }
}
