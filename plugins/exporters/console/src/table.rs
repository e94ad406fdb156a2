//! Tables with a column of names.

use aiperf_plugin_sdk::report::Stats;

use crate::layout::Layout;
use crate::paint::Paint;
use crate::text::{width, wrap};

/// What the columns of a table are called.
#[derive(Debug)]
pub(crate) struct Columns {
    /// The column of names.
    pub(crate) first: &'static str,
    /// The others.
    pub(crate) names: &'static [&'static str],
    /// Positions of those that a narrow terminal gives up, in this order.
    pub(crate) given_up: &'static [usize],
}

/// The seven statistics. What others say as well is given up first.
pub(crate) const STATISTICS: Columns = Columns {
    first: "Metric",
    names: &Stats::NAMES,
    given_up: &[6, 4, 1, 3, 2],
};

/// The percentiles that [`STATISTICS`] have not.
pub(crate) const PERCENTILES: Columns = Columns {
    first: "Metric",
    names: &["p1", "p5", "p10", "p25", "p75", "p95", "p99.9"],
    given_up: &[1, 0, 3, 4, 2],
};

/// A line of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// First column.
    pub(crate) name: String,
    /// How far it stands to the right.
    pub(crate) indent: usize,
    /// The other columns, as shown; empty where there are fewer.
    pub(crate) cells: Vec<String>,
    /// True if a line sets it apart from the row before.
    pub(crate) ruled: bool,
    /// True if the name is a sentence. Without cells it goes over all columns, else it wraps into
    /// whatever room the others leave.
    pub(crate) flows: bool,
    /// True if the rows below are about this one.
    pub(crate) heading: bool,
}

impl Row {
    /// A sentence below another row.
    pub(crate) fn sentence(text: String, indent: usize) -> Self {
        Self {
            name: text,
            indent,
            flows: true,
            ..Self::default()
        }
    }

    /// True if it goes over all columns.
    fn spans(&self) -> bool {
        self.flows && self.cells.iter().all(String::is_empty)
    }

    pub(crate) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// A table of rows.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: &'static Columns,
    rows: Vec<Row>,
    layout: Layout,
}

/// Corners and crossings of a horizontal line.
struct Line(&'static str, &'static str, &'static str, &'static str);

const TOP: Line = Line("┏", "━", "┳", "┓");
const UNDER_HEADER: Line = Line("┡", "━", "╇", "┩");
const RULE: Line = Line("├", "─", "┼", "┤");
const BOTTOM: Line = Line("└", "─", "┴", "┘");

impl Table {
    /// A table that fits into `available` columns of the terminal.
    pub(crate) fn new(columns: &'static Columns, rows: Vec<Row>, available: usize) -> Self {
        let layout = Layout::fit(columns, &rows, available);
        Self {
            columns,
            rows,
            layout,
        }
    }

    /// Columns that it takes.
    pub(crate) fn width(&self) -> usize {
        self.layout.total()
    }

    /// True if there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Names of the columns that it has no room for.
    pub(crate) fn given_up(&self) -> Vec<&'static str> {
        self.layout.given_up(self.columns)
    }

    /// True if a cell or a name begins with `mark`.
    pub(crate) fn has_mark(&self, mark: &str) -> bool {
        let texts =
            |row: &Row| row.name.starts_with(mark) || row.cells.iter().any(|c| c.starts_with(mark));
        self.rows.iter().any(texts)
    }

    /// The table as lines, stretched to `page` columns.
    pub(crate) fn lines(&self, page: usize, paint: Paint) -> Vec<String> {
        let mut layout = self.layout.clone();
        layout.stretch(page);
        let mut lines = vec![
            paint.dim(&rule(&layout, &TOP)),
            header(self.columns, &layout, paint),
        ];
        lines.push(paint.dim(&rule(&layout, &UNDER_HEADER)));
        for (index, row) in self.rows.iter().enumerate() {
            if row.ruled && index > 0 {
                lines.push(paint.dim(&rule(&layout, &RULE)));
            }
            lines.extend(body(&layout, row, paint));
        }
        lines.push(paint.dim(&rule(&layout, &BOTTOM)));
        lines
    }
}

fn rule(layout: &Layout, line: &Line) -> String {
    let Line(left, dash, cross, right) = line;
    let widths = std::iter::once(layout.names).chain(layout.columns.iter().map(|(_, w)| *w));
    let dashes: Vec<_> = widths.map(|width| dash.repeat(width + 2)).collect();
    format!("{left}{}{right}", dashes.join(cross))
}

fn header(names: &Columns, layout: &Layout, paint: Paint) -> String {
    let name = padded(names.first, layout.names);
    let columns = layout.columns.iter();
    let columns = columns.map(|(column, width)| right(names.names[*column], *width));
    let cells: Vec<_> = std::iter::once(name).chain(columns).collect();
    joined(cells.iter().map(|cell| paint.bold(cell)), &paint.dim("┃"))
}

fn body(layout: &Layout, row: &Row, paint: Paint) -> Vec<String> {
    let bar = paint.dim("│");
    if row.spans() {
        return spanning(layout.total(), row, &bar);
    }
    let names = wrap(&row.name, layout.names.saturating_sub(row.indent).max(1), 2);
    let lines = names.iter().enumerate().map(|(index, name)| {
        let name = padded(&format!("{}{name}", " ".repeat(row.indent)), layout.names);
        let name = if row.heading { paint.bold(&name) } else { name };
        let columns = layout.columns.iter().map(|(column, width)| {
            let cell = if index == 0 { row.cell(*column) } else { "" };
            right(cell, *width)
        });
        joined(std::iter::once(name).chain(columns), &bar)
    });
    lines.collect()
}

/// A sentence in a table of `total` columns.
fn spanning(total: usize, row: &Row, bar: &str) -> Vec<String> {
    let room = total.saturating_sub(4);
    let text = wrap(&row.name, room.saturating_sub(row.indent).max(1), 2);
    let line = |text: &String| padded(&format!("{}{text}", " ".repeat(row.indent)), room);
    let lines = text.iter().map(line);
    lines
        .map(|line| joined(std::iter::once(line), bar))
        .collect()
}

fn joined(cells: impl Iterator<Item = String>, bar: &str) -> String {
    let mut line = bar.to_owned();
    for cell in cells {
        line.extend([" ", &cell, " ", bar]);
    }
    line
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}
