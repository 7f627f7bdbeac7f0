//! What comes of an input. No clock, no terminal and no socket in here.

mod act;
mod answers;
mod dialogs;
mod keys;
mod mouse;
mod moves;

use super::input::{Effect, Input};
use super::model::{Link, Model, Step, Tab};
use crate::control::Status;
use crate::diagnostic::printable;
use jiff::Timestamp;
use ratatui::crossterm::event::KeyEventKind;
use ratatui::layout::Size;

/// The model after an input, and what is to be done.
pub(crate) fn reduce(mut model: Model, input: Input, now: Timestamp) -> (Model, Vec<Effect>) {
    model.now = model.paused.unwrap_or(now);
    let (tab, wanted) = (model.tab, events_wanted(&model));
    let mut effects = Vec::new();
    match input {
        Input::Key(key) if key.kind != KeyEventKind::Release => {
            model.settle();
            effects = keys::pressed(&mut model, key, now);
        }
        Input::Key(_) => {}
        Input::Mouse(mouse) => {
            model.settle();
            mouse::moved(&mut model, mouse);
        }
        Input::Resize(width, height) => {
            model.size = Size::new(width, height);
            model.keep_in_sight();
        }
        Input::Status(status) => heard(&mut model, *status, now),
        Input::Flows(flows) => {
            // An answer that was under way when everything was stopped.
            if model.paused.is_none() {
                model.take_flows(flows);
                model.is_stale |= tab != Tab::Events && tab != Tab::Lists;
            }
        }
        Input::Changes(changes) => model.changes = changes.changes,
        // Of an earlier question.
        Input::Events(number) | Input::Event(number, _) | Input::NoEvents(number, _)
            if number != model.watch => {}
        Input::Events(_) => {
            model.events.clear();
            model.is_stale = true;
        }
        Input::Event(_, event) => {
            model.events.push(event);
            // Many come at once: they are sorted when they are drawn.
            model.is_stale = true;
        }
        Input::NoEvents(_, why) => {
            answers::trouble(&mut model, format!("no events: {}", printable(&why)));
        }
        Input::Answered(wish, result) => answers::answered(&mut model, &wish, result),
        Input::Lost { why, guarded } => lost(&mut model, why, guarded, now),
        Input::Quit | Input::Broken => effects.push(Effect::Quit),
    }
    let wants = events_wanted(&model);
    if wants != wanted {
        model.events.clear();
        model.watch += 1;
        effects.push(Effect::WantEvents {
            number: model.watch,
            filter: wants,
        });
        model.sort();
    }
    (model, effects)
}

/// Nobody else pays for events that nobody looks at.
fn events_wanted(model: &Model) -> Option<String> {
    (model.tab == Tab::Events).then(|| {
        let steps = model.way.iter().map(Step::filter);
        let typed = [model.search.taken().to_owned()];
        let terms: Vec<String> = steps.chain(typed).filter(|term| !term.is_empty()).collect();
        terms.join(" ")
    })
}

fn heard(model: &mut Model, status: Status, now: Timestamp) {
    model.link = Link::Up;
    let Status {
        outbound, inbound, ..
    } = &status;
    model.out.put(outbound.bytes, now);
    model.back.put(inbound.bytes, now);
    model
        .drops
        .put(outbound.denied_pkts + inbound.denied_pkts, now);
    model.status = Some(status);
    // Also while nothing moves: its rows are places in the status.
    model.is_stale |= model.tab == Tab::Lists;
}

fn lost(model: &mut Model, why: String, guarded: Option<bool>, now: Timestamp) {
    let since = match model.link {
        Link::Lost { since, .. } => since,
        Link::Waiting | Link::Up => now,
    };
    model.link = Link::Lost {
        since,
        why,
        guarded,
    };
    model.forget_counters();
}
