//! The tabs, and the columns of each.

use super::column::{Column, Shape, Width};

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Clients,
    Destinations,
    Ports,
    Flows,
    Denied,
    Lists,
    Events,
}

const fn text(column: Column, title: &'static str, width: Width) -> Shape {
    Shape {
        column,
        title,
        width,
        is_number: false,
        from: 0,
    }
}

const fn number(column: Column, title: &'static str, width: u16) -> Shape {
    Shape {
        column,
        title,
        width: Width::Fixed(width),
        is_number: true,
        from: 0,
    }
}

const fn wide(shape: Shape) -> Shape {
    from(110, shape)
}

const fn from(from: u16, shape: Shape) -> Shape {
    Shape { from, ..shape }
}

const OUT: Shape = number(Column::OutRate, "Out/s", 10);
const IN: Shape = number(Column::InRate, "In/s", 10);
const SENT: Shape = number(Column::Sent, "Sent", 9);
const RECEIVED: Shape = number(Column::Received, "Received", 9);
const DENIED: Shape = number(Column::Denied, "Denied", 8);
const FLOWS: Shape = number(Column::Flows, "Flows", 6);
const LAST: Shape = number(Column::Last, "Last", 5);
const CLIENT: Shape = text(Column::Client, "Client", Width::Share(1));

impl Tab {
    /// In their order.
    pub(crate) const ALL: [Self; 7] = [
        Self::Clients,
        Self::Destinations,
        Self::Ports,
        Self::Flows,
        Self::Denied,
        Self::Lists,
        Self::Events,
    ];

    /// Its name.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Clients => "Clients",
            Self::Destinations => "Destinations",
            Self::Ports => "Ports",
            Self::Flows => "Flows",
            Self::Denied => "Denied",
            Self::Lists => "Lists",
            Self::Events => "Events",
        }
    }

    /// Its place among all.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// So many tabs on, around the end.
    pub(crate) fn stepped(self, by: usize) -> Self {
        let index = (self.index() + by) % Self::ALL.len();
        Self::ALL.get(index).copied().unwrap_or(self)
    }

    /// Its columns, left to right.
    pub(crate) const fn columns(self) -> &'static [Shape] {
        match self {
            Self::Clients => {
                const {
                    &[
                        CLIENT,
                        FLOWS,
                        wide(number(Column::Destinations, "Dests", 6)),
                        OUT,
                        IN,
                        SENT,
                        RECEIVED,
                        DENIED,
                        wide(LAST),
                    ]
                }
            }
            Self::Destinations => {
                const {
                    &[
                        text(Column::Destination, "Destination", Width::Share(1)),
                        FLOWS,
                        wide(number(Column::Clients, "Clients", 7)),
                        OUT,
                        IN,
                        SENT,
                        RECEIVED,
                        DENIED,
                        wide(LAST),
                    ]
                }
            }
            Self::Ports => {
                const {
                    &[
                        text(Column::Port, "Port", Width::Share(1)),
                        FLOWS,
                        wide(number(Column::Clients, "Clients", 7)),
                        wide(number(Column::Destinations, "Dests", 6)),
                        OUT,
                        IN,
                        SENT,
                        RECEIVED,
                        DENIED,
                        wide(LAST),
                    ]
                }
            }
            Self::Flows => {
                const {
                    &[
                        text(Column::Verdict, "", Width::Fixed(5)),
                        text(Column::Protocol, "Proto", Width::Fixed(6)),
                        text(Column::Client, "Client", Width::Share(2)),
                        text(Column::Destination, "Destination", Width::Share(3)),
                        OUT,
                        IN,
                        from(136, SENT),
                        from(136, RECEIVED),
                        from(112, text(Column::State, "State", Width::Fixed(11))),
                        from(92, text(Column::Reason, "Reason", Width::Fixed(9))),
                        from(98, LAST),
                    ]
                }
            }
            Self::Denied => {
                const {
                    &[
                        text(Column::Verdict, "", Width::Fixed(5)),
                        text(Column::Protocol, "Proto", Width::Fixed(6)),
                        text(Column::Client, "Client", Width::Share(2)),
                        text(Column::Destination, "Destination", Width::Share(3)),
                        text(Column::Reason, "Reason", Width::Fixed(9)),
                        wide(text(Column::List, "List", Width::Fixed(16))),
                        wide(FLOWS),
                        number(Column::Denied, "Packets", 8),
                        wide(number(Column::DeniedRate, "/s", 6)),
                        LAST,
                    ]
                }
            }
            Self::Lists => {
                const {
                    &[
                        text(Column::Name, "List", Width::Share(2)),
                        text(Column::Action, "Action", Width::Fixed(8)),
                        text(Column::Standing, "State", Width::Fixed(9)),
                        number(Column::Entries, "Entries", 9),
                        number(Column::Hits, "Flows hit", 10),
                        text(Column::Why, "Why", Width::Share(3)),
                    ]
                }
            }
            Self::Events => {
                const {
                    &[
                        text(Column::Time, "Time", Width::Fixed(9)),
                        text(Column::Event, "Event", Width::Share(1)),
                    ]
                }
            }
        }
    }

    /// How it is sorted before anybody says otherwise.
    pub(crate) const fn first_order(self) -> (Column, bool) {
        match self {
            Self::Clients | Self::Destinations | Self::Ports | Self::Flows => {
                (Column::OutRate, true)
            }
            Self::Denied => (Column::Denied, true),
            Self::Lists => (Column::Hits, true),
            Self::Events => (Column::Time, true),
        }
    }
}
