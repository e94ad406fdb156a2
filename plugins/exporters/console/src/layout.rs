//! Which columns a table shows, and how wide they are.

use aiperf_plugin_sdk::report::Stats;

use crate::table::Row;
use crate::text::width;

/// Statistics in the order in which a narrow terminal gives them up: what others say as well goes
/// first.
const GIVEN_UP: [usize; 5] = [6, 4, 1, 3, 2];
/// The column of names is not squeezed below this while there is a statistic to give up. On 80
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
    /// Positions (in the order of the statistics) and widths of those that are shown.
    pub(crate) columns: Vec<(usize, usize)>,
}

impl Layout {
    /// The widest layout that fits into `available` columns of the terminal.
    pub(crate) fn fit(rows: &[Row], available: usize) -> Self {
        let mut layout = Self::natural(rows);
        let least = layout.names.min(NAMES_AT_LEAST);
        for given_up in GIVEN_UP {
            if layout.total() - layout.names + least <= available {
                break;
            }
            layout.columns.retain(|(column, _)| *column != given_up);
        }
        let rest = layout.total() - layout.names;
        layout.names = layout.names.min(available.saturating_sub(rest)).max(8);
        layout
    }

    fn natural(rows: &[Row]) -> Self {
        let names = rows.iter().map(|row| row.indent + width(&row.name));
        let cells = |column: usize| rows.iter().map(move |row| width(&row.cells[column]));
        let columns = Stats::NAMES.iter().enumerate();
        Self {
            names: names
                .chain(["Metric".len()])
                .max()
                .unwrap_or_default()
                .min(NAMES_AT_MOST),
            columns: columns
                .map(|(column, name)| {
                    (
                        column,
                        cells(column).max().unwrap_or_default().max(name.len()),
                    )
                })
                .collect(),
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

    /// Names of the statistics that are not shown.
    pub(crate) fn given_up(&self) -> Vec<&'static str> {
        let shown = |index: usize| self.columns.iter().any(|(column, _)| *column == index);
        let names = Stats::NAMES.iter().enumerate();
        names
            .filter(|(index, _)| !shown(*index))
            .map(|(_, name)| *name)
            .collect()
    }
}
