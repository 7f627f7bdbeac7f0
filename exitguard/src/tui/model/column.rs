//! The columns of a table, and how they share its width.

use super::Tab;

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Client,
    Destination,
    Port,
    Protocol,
    Verdict,
    Flows,
    Clients,
    Destinations,
    OutRate,
    InRate,
    Sent,
    Received,
    Denied,
    DeniedRate,
    Last,
    State,
    Reason,
    List,
    Name,
    Action,
    Standing,
    Entries,
    Hits,
    Why,
    Time,
    Event,
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// So many cells.
    Fixed(u16),
    /// So many parts of what the others leave.
    Share(u16),
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) column: Column,
    pub(crate) title: &'static str,
    pub(crate) width: Width,
    /// Numbers end where their column ends.
    pub(crate) is_number: bool,
    /// Screens that are narrower go without it.
    pub(crate) from: u16,
}

/// The columns that a width has room for: each with its place and its width.
pub(crate) fn fit(tab: Tab, width: u16) -> Vec<(&'static Shape, u16, u16)> {
    /// The sign of the selected row, and a blank.
    const MARGIN: u16 = 2;
    let shown: Vec<_> = tab
        .columns()
        .iter()
        .filter(|shape| shape.from <= width)
        .collect();
    let gaps = u16::try_from(shown.len().saturating_sub(1)).unwrap_or_default();
    let (mut fixed, mut shares) = (0, 0);
    for shape in &shown {
        match shape.width {
            Width::Fixed(cells) => fixed += cells,
            Width::Share(parts) => shares += parts,
        }
    }
    let mut rest = width.saturating_sub(MARGIN + gaps + fixed);
    let mut x = MARGIN;
    let mut placed = Vec::with_capacity(shown.len());
    for shape in shown {
        let cells = match shape.width {
            Width::Fixed(cells) => cells,
            Width::Share(parts) => {
                // The last one takes what division left.
                let cells = rest * parts / shares.max(1);
                shares -= parts;
                rest -= cells;
                cells
            }
        };
        placed.push((shape, x, cells));
        x += cells + 1;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_every_width_and_never_overlap() {
        for tab in Tab::ALL {
            for width in 80..300 {
                let columns = fit(tab, width);
                let mut end = 1;
                for (shape, x, cells) in &columns {
                    assert_eq!(*x, end + 1, "{tab:?} {width} {}", shape.title);
                    assert!(*cells >= 5, "{tab:?} {width} {}", shape.title);
                    assert!(usize::from(*cells) >= shape.title.len(), "{}", shape.title);
                    end = x + cells;
                }
                assert_eq!(end, width, "{tab:?} {width}");
            }
        }
    }

    #[test]
    fn every_width_has_room_for_an_address_with_its_port() {
        for tab in [Tab::Clients, Tab::Destinations, Tab::Flows, Tab::Denied] {
            for width in 80..300 {
                for (shape, _, cells) in fit(tab, width) {
                    let longest = match shape.column {
                        Column::Client => "100.100.100.100",
                        Column::Destination => "203.0.113.255:65535",
                        _ => continue,
                    };
                    let title = shape.title;
                    assert!(
                        usize::from(cells) >= longest.len(),
                        "{tab:?} {width} {title}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_first_order_is_by_a_column_that_is_always_shown() {
        for tab in Tab::ALL {
            let (first, _) = tab.first_order();
            assert!(fit(tab, 80).iter().any(|(shape, ..)| shape.column == first));
            assert_eq!(Tab::ALL[tab.index()], tab);
        }
    }
}
