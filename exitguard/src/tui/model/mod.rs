//! Everything that is on the screen, as values.

mod column;
mod dialog;
mod drill;
mod events;
mod order;
mod row;
mod search;
mod tab;

pub(crate) use column::{Column, fit};
pub(crate) use dialog::{Ask, CHOICES, Dialog, FORCE_CHOICES, subject};
pub(crate) use drill::{Step, Taken, port_label};
pub(crate) use events::{Event, Events};

pub(crate) use order::is_descending_first;
pub(crate) use row::{Key, Row, service};
pub(crate) use search::Search;
pub(crate) use tab::Tab;

use super::rates::{Gauge, Meter, Rate};
use super::units::Unit;
use crate::control::{Change, Flow, Flows, Status};
use jiff::Timestamp;
use ratatui::layout::Size;

/// Everything that is on the screen.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) size: Size,
    pub(crate) now: Timestamp,
    pub(crate) link: Link,
    pub(crate) status: Option<Status>,
    pub(crate) changes: Vec<Change>,
    pub(crate) out: Gauge,
    pub(crate) back: Gauge,
    pub(crate) drops: Gauge,
    pub(crate) flows: Vec<Flow>,
    /// Whether the daemon told its flows at least once.
    pub(crate) has_flows: bool,
    /// One for each flow.
    pub(crate) rates: Vec<Option<Rate>>,
    meter: Meter,
    pub(crate) events: Events,
    /// Who asked for them last.
    pub(crate) watch: u64,
    pub(crate) tab: Tab,
    views: [View; Tab::ALL.len()],
    /// The steps down, the first one first, each with where it was taken from.
    pub(crate) way: Vec<Step>,
    pub(crate) taken: Vec<Taken>,
    pub(crate) search: Search,
    /// Since when nothing moves.
    pub(crate) paused: Option<Timestamp>,
    pub(crate) unit: Unit,
    pub(crate) with_services: bool,
    pub(crate) with_detail: bool,
    pub(crate) dialog: Option<Dialog>,
    pub(crate) with_help: bool,
    pub(crate) message: Option<Message>,
    /// The rows of the tab, sorted.
    pub(crate) rows: Vec<Row>,
    /// Whether the rows are those of before.
    pub(crate) is_stale: bool,
}

/// How it is with the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Nothing was heard yet.
    Waiting,
    /// It answers.
    Up,
    /// It does not.
    Lost {
        since: Timestamp,
        why: String,
        /// Whether the interface is guarded all the same, if that could be seen.
        guarded: Option<bool>,
    },
}

/// How a tab is looked at.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) column: Column,
    pub(crate) descending: bool,
    pub(crate) selected: Option<Key>,
    /// Where the selected row is.
    pub(crate) index: usize,
    /// The first row that is shown.
    pub(crate) offset: usize,
}

/// What came of something, in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) is_trouble: bool,
}

impl Model {
    /// Before anything was heard.
    pub(crate) fn new(size: Size, now: Timestamp) -> Self {
        let views = Tab::ALL.map(|tab| {
            let (column, descending) = tab.first_order();
            View {
                column,
                descending,
                selected: None,
                index: 0,
                offset: 0,
            }
        });
        Self {
            size,
            now,
            link: Link::Waiting,
            status: None,
            changes: Vec::new(),
            out: Gauge::default(),
            back: Gauge::default(),
            drops: Gauge::default(),
            flows: Vec::new(),
            has_flows: false,
            rates: Vec::new(),
            meter: Meter::default(),
            events: Events::default(),
            watch: 0,
            tab: Tab::Clients,
            views,
            way: Vec::new(),
            taken: Vec::new(),
            search: Search::default(),
            paused: None,
            unit: Unit::default(),
            with_services: true,
            with_detail: false,
            dialog: None,
            with_help: false,
            message: None,
            rows: Vec::new(),
            is_stale: false,
        }
    }

    pub(crate) const fn view(&self) -> &View {
        let [clients, destinations, ports, flows, denied, lists, events] = &self.views;
        match self.tab {
            Tab::Clients => clients,
            Tab::Destinations => destinations,
            Tab::Ports => ports,
            Tab::Flows => flows,
            Tab::Denied => denied,
            Tab::Lists => lists,
            Tab::Events => events,
        }
    }

    pub(crate) const fn view_mut(&mut self) -> &mut View {
        let [clients, destinations, ports, flows, denied, lists, events] = &mut self.views;
        match self.tab {
            Tab::Clients => clients,
            Tab::Destinations => destinations,
            Tab::Ports => ports,
            Tab::Flows => flows,
            Tab::Denied => denied,
            Tab::Lists => lists,
            Tab::Events => events,
        }
    }

    /// The row that keys are for.
    pub(crate) fn selected(&self) -> Option<&Row> {
        let view = self.view();
        view.selected.as_ref()?;
        self.rows.get(view.index)
    }

    /// A flow of a row that is about flows.
    pub(crate) fn flow_of(&self, row: &Row) -> Option<&Flow> {
        match row.key {
            Key::List(_) | Key::Event(_) => None,
            _ => self.flows.get(row.at),
        }
    }

    pub(crate) fn take_flows(&mut self, flows: Flows) {
        self.rates = self.meter.measure(&flows);
        self.flows = flows.flows;
        self.has_flows = true;
    }

    /// What was between is not known: the next counters are the first ones.
    pub(crate) fn forget_counters(&mut self) {
        self.meter = Meter::default();
        self.out.forget();
        self.back.forget();
        self.drops.forget();
    }

    /// Makes the rows of the tab if they are not those of now.
    pub(crate) fn settle(&mut self) {
        let is_frozen = self.paused.is_some() && self.tab != Tab::Lists;
        if self.is_stale && !is_frozen {
            self.sort();
        }
    }

    /// Makes the rows of the tab. The selection stays with what it is about, and on its line as far as possible.
    pub(crate) fn sort(&mut self) {
        self.is_stale = false;
        let View {
            column, descending, ..
        } = *self.view();
        let rows = row::rows(self, self.tab);
        self.rows = order::sort(self, rows, column, descending);
        let view = self.view();
        let (index, offset) = (view.index, view.offset);
        let place = view
            .selected
            .as_ref()
            .map(|key| self.rows.iter().position(|row| row.key == *key));
        let last = self.rows.len().saturating_sub(1);
        let view = match place {
            Some(Some(found)) => {
                let view = self.view_mut();
                // Its line on the screen stays the same.
                view.offset = (offset + found).saturating_sub(index);
                view.index = found;
                view
            }
            // What was selected is gone: what is in its place now is not what was meant.
            Some(None) | None => {
                let view = self.view_mut();
                view.selected = None;
                view.index = index.min(last);
                view
            }
        };
        view.offset = view.offset.min(last);
        self.keep_in_sight();
    }

    /// Scrolls until the selected row is shown, and no further than to the end.
    pub(crate) fn keep_in_sight(&mut self) {
        let room = super::draw::places(self.size, self.with_detail).rows();
        let length = self.rows.len();
        let view = self.view_mut();
        if view.selected.is_some() {
            let first = (view.index + 1).saturating_sub(room);
            view.offset = view.offset.clamp(first.min(view.index), view.index);
        }
        view.offset = view.offset.min(length.saturating_sub(room));
    }
}
