//! Metrics pages: text prepared so that a scrape only fills in numbers.
//!
//! The event loop that sends tokens also renders pages, so a page must be quick: everything but
//! the values is laid out once.

use std::io::Write as _;
use std::sync::Arc;

use super::family::{Catalog, Family, Format, Labels, Number, Pick, Source, Style, View};

enum Value {
    Number(Number),
    Bucket(Pick, usize),
    Count(Pick),
    Sum(Pick),
}

/// Fixed text, then a value.
struct Piece {
    text: String,
    server: usize,
    style: Style,
    value: Value,
    /// Left out while the value is 0.
    is_late: bool,
}

/// A page with holes where the values go.
pub(super) struct Layout {
    pieces: Vec<Piece>,
    end: &'static str,
}

impl Layout {
    /// Lays out `catalog`, once for each element of `servers`: the labels that mark its series.
    pub(super) fn new(catalog: &Catalog, format: Format, servers: &[Labels]) -> Self {
        let mut pieces = Vec::new();
        for family in &catalog.families {
            let first = pieces.len();
            for (server, marks) in servers.iter().enumerate() {
                for (labels, source) in &family.series {
                    let labels = labels.iter().chain(marks).cloned().collect();
                    SeriesLayout {
                        family,
                        format,
                        server,
                        labels,
                    }
                    .append(source, &mut pieces);
                }
            }
            if let Some(piece) = pieces.get_mut(first) {
                piece.text.insert_str(0, &family.header(format));
            }
        }
        let end = if format == Format::OpenMetrics {
            "# EOF\n"
        } else {
            ""
        };
        Self { pieces, end }
    }

    /// Fills in the values; `views` are in the order of the servers.
    pub(super) fn render(&self, views: &[View]) -> Vec<u8> {
        let size = self.pieces.iter().map(|piece| piece.text.len() + 12).sum();
        let mut out = Vec::with_capacity(size);
        for piece in &self.pieces {
            let value = views.get(piece.server).map(|view| piece.value.read(view));
            if piece.is_late && value.is_none_or(|value| value <= 0.0) {
                continue;
            }
            out.extend_from_slice(piece.text.as_bytes());
            if let Some(value) = value {
                write_number(&mut out, value, piece.style);
            }
            out.push(b'\n');
        }
        out.extend_from_slice(self.end.as_bytes());
        out
    }
}

/// One series on its way into a layout.
struct SeriesLayout<'a> {
    family: &'a Family,
    format: Format,
    server: usize,
    labels: Labels,
}

impl SeriesLayout<'_> {
    fn append(&self, source: &Source, pieces: &mut Vec<Piece>) {
        match source {
            Source::Number(number) => {
                pieces.push(self.piece("", None, Value::Number(Arc::clone(number))));
            }
            Source::Late(number) => pieces.push(Piece {
                is_late: true,
                ..self.piece("", None, Value::Number(Arc::clone(number)))
            }),
            Source::Histogram(pick, scale, bounds) => {
                for bound in *bounds {
                    let bucket = Value::Bucket(Arc::clone(pick), scale.position(*bound));
                    pieces.push(self.piece("_bucket", Some(&self.le(*bound)), bucket));
                }
                let count = || Value::Count(Arc::clone(pick));
                pieces.push(self.piece("_bucket", Some("+Inf"), count()));
                pieces.push(self.piece("_sum", None, Value::Sum(Arc::clone(pick))));
                pieces.push(self.piece("_count", None, count()));
            }
        }
    }

    /// A bound as text; OpenMetrics wants floats.
    fn le(&self, bound: f64) -> String {
        let style = if self.format == Format::OpenMetrics {
            Style::Python
        } else {
            self.family.style
        };
        let mut text = Vec::new();
        write_number(&mut text, bound, style);
        String::from_utf8_lossy(&text).into_owned()
    }

    fn piece(&self, suffix: &str, le: Option<&str>, value: Value) -> Piece {
        let mut labels = self.labels.clone();
        if let Some(le) = le {
            labels.push(("le", le.to_owned()));
        }
        if self.family.style == Style::Python {
            labels.sort_unstable();
        }
        let name = self.family.sample_name();
        let text = format!("{name}{suffix}{} ", label_text(&labels));
        Piece {
            text,
            server: self.server,
            style: self.family.style,
            value,
            is_late: false,
        }
    }
}

impl Value {
    fn read(&self, view: &View) -> f64 {
        match self {
            Self::Number(number) => number(view),
            Self::Bucket(pick, position) => pick(view).cumulative(*position) as f64,
            Self::Count(pick) => pick(view).count() as f64,
            Self::Sum(pick) => pick(view).sum(),
        }
    }
}

fn label_text(labels: &Labels) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            let value = value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            format!("{name}=\"{value}\"")
        })
        .collect();
    format!("{{{}}}", pairs.join(","))
}

/// Writes a finite number in the shortest form that reads back as the same value.
fn write_number(out: &mut Vec<u8>, value: f64, style: Style) {
    let written = match style {
        Style::Python => write!(out, "{value:?}"),
        Style::Plain => write!(out, "{value}"),
    };
    written.expect("writing to memory cannot fail");
}

#[cfg(test)]
mod tests;
