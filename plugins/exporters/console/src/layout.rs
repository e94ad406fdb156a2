//! Which columns a table shows, and how wide they are.

use crate::table::{Columns, Row};
use crate::text::width;

/// The column of names is not squeezed below this while there is a column to give up. On 80
/// columns it leaves room for seven statistics of five digits.
const NAMES_AT_LEAST: usize = 18;
/// Longer names wrap, however wide the terminal is.
const NAMES_AT_MOST: usize = 64;
/// Columns that each table column needs beside its content.
const PADDING: usize = 3;

/// Columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Width of the names.
    pub(crate) names: usize,
    /// Positions (in the order of [`Columns::names`]) and widths of those that are shown.
    pub(crate) columns: Vec<(usize, usize)>,
}

impl Layout {
    /// The widest layout that fits into `available` columns of the terminal.
    pub(crate) fn fit(columns: &Columns, rows: &[Row], available: usize) -> Self {
        let mut layout = Self::natural(columns, rows);
        let least = layout.names.min(NAMES_AT_LEAST);
        for given_up in columns.given_up {
            if layout.total() - layout.names + least <= available {
                break;
            }
            layout.columns.retain(|(column, _)| column != given_up);
        }
        let rest = layout.total() - layout.names;
        layout.names = layout.names.min(available.saturating_sub(rest)).max(8);
        layout
    }

    fn natural(columns: &Columns, rows: &[Row]) -> Self {
        let demanding = rows.iter().filter(|row| !row.flows);
        let names = demanding.map(|row| row.indent + width(&row.name));
        let names = names.chain([width(columns.first)]).max();
        let cell = |column: usize| rows.iter().map(move |row| width(row.cell(column)));
        let widths = columns.names.iter().enumerate().map(|(column, name)| {
            let widest = cell(column).max().unwrap_or_default();
            (column, widest.max(width(name)))
        });
        Self {
            names: names.unwrap_or_default().min(NAMES_AT_MOST),
            columns: widths.collect(),
        }
    }

    /// Width of the whole table.
    pub(crate) fn total(&self) -> usize {
        let columns = self.columns.iter().map(|(_, width)| width + PADDING);
        1 + self.names + PADDING + columns.sum::<usize>()
    }

    /// Gives the names what is left of `page`.
    pub(crate) fn stretch(&mut self, page: usize) {
        self.names += page.saturating_sub(self.total());
    }

    /// Names of the columns that are not shown.
    pub(crate) fn given_up(&self, columns: &Columns) -> Vec<&'static str> {
        let shown = |index: usize| self.columns.iter().any(|(column, _)| *column == index);
        let names = columns.names.iter().enumerate();
        names
            .filter(|(index, _)| !shown(*index))
            .map(|(_, name)| *name)
            .collect()
    }
}
