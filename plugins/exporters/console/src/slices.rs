//! How the run went over time, as one small curve per metric.

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{ClientMetric, MetricReport, Report, ServerReport, SliceReport};

use crate::families::{families, titled};
use crate::number::{Scale, count, duration, largest};
use crate::rows::{client_title, is_load};
use crate::selection::select;
use crate::table::{Columns, Row, Table};
use crate::text::neutral;
use crate::{Rows, server_summary};

const COLUMNS: Columns = Columns {
    first: "Average",
    names: &["over time", "lowest", "highest"],
    given_up: &[2, 1],
};
/// Client metrics that have a curve, if the run has them.
const CLIENT: [&str; 5] = [
    "request_throughput",
    "output_token_throughput",
    "time_to_first_token",
    "inter_token_latency",
    "request_latency",
];
/// Curves of one server.
const MOST_PER_SERVER: usize = 6;
/// Heights of a curve, from low to high.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// What a slice without a value looks like.
const GAP: char = '·';
/// Columns of a table beside the curve.
const BESIDE: usize = 48;

/// One curve before it is drawn.
struct Curve {
    title: String,
    unit: String,
    values: Vec<Option<f64>>,
}

/// Title and table; `None` without slices.
pub(crate) fn table(report: &Report, available: usize) -> Option<(String, Table)> {
    let first = report.slices.first()?;
    let n = report.slices.len();
    let mut title = format!(
        "aiperf | {} Time Slices of {}",
        count(u64::try_from(n).unwrap_or_default()),
        duration(first.duration_seconds)
    );
    if report.slices.last().is_some_and(|last| last.partial) {
        title.push_str(", the last one cut short");
    }
    let several = report.servers.len() > 1;
    let servers = report.servers.iter();
    let servers = servers.flat_map(|server| server_curves(server, n, several, &report.servers));
    let curves = client_curves(&report.slices).chain(servers);
    let width = available.saturating_sub(BESIDE).clamp(8, 64);
    let rows: Vec<_> = curves.filter_map(|curve| curve.row(width)).collect();
    (!rows.is_empty()).then(|| (title, Table::new(&COLUMNS, rows, available)))
}

fn client_curves(slices: &[SliceReport]) -> impl Iterator<Item = Curve> {
    CLIENT.into_iter().filter_map(|name| {
        let metric = |slice: &'_ SliceReport| slice.llm_metrics.get(name).cloned();
        let any: ClientMetric = slices.iter().find_map(metric)?;
        let values = slices.iter().map(|slice| metric(slice)?.stats.avg);
        Some(Curve {
            title: client_title(name, &any.display_name),
            unit: any.unit,
            values: values.collect(),
        })
    })
}

fn server_curves(
    server: &ServerReport,
    n: usize,
    several: bool,
    servers: &[ServerReport],
) -> Vec<Curve> {
    let (families, _) = select(families(&server.metrics), Rows::Main);
    let load = families.iter().filter(|(topic, _)| is_load(*topic));
    let gauges = load
        .filter_map(|(_, family)| family.whole.map(|whole| (family, whole)))
        .filter(|(_, metric)| metric.kind == MetricKind::Gauge && !metric.slices.is_empty());
    let curves = gauges.map(|(family, metric)| {
        let owner = if several {
            format!("{}: ", server_summary::title(server, servers))
        } else {
            String::new()
        };
        Curve {
            title: format!("{owner}{}", family.title("")),
            unit: metric.unit.clone(),
            values: averages(metric, n),
        }
    });
    curves.take(MOST_PER_SERVER).collect()
}

fn averages(metric: &MetricReport, n: usize) -> Vec<Option<f64>> {
    let mut values = vec![None; n];
    for slice in &metric.slices {
        let index = usize::try_from(slice.slice).ok();
        if let Some(value) = index.and_then(|index| values.get_mut(index)) {
            *value = slice.stats.avg;
        }
    }
    values
}

impl Curve {
    /// The row; `None` if no slice has a value, or nothing but zeros.
    fn row(&self, width: usize) -> Option<Row> {
        let known = || self.values.iter().flatten().copied();
        let highest = known().reduce(f64::max)?;
        let lowest = known().reduce(f64::min)?;
        if highest <= 0.0 {
            return None;
        }
        let scale = Scale::counted(&self.unit, largest(self.values.iter().copied()));
        let [low, high] = scale.cells([Some(lowest), Some(highest)], 3);
        Some(Row {
            name: titled(&neutral(&self.title), &self.unit, &scale.unit),
            cells: vec![self.drawn(highest, width), low, high],
            ..Row::default()
        })
    }

    /// From zero to the highest value, so that curves do not make mountains of molehills.
    fn drawn(&self, highest: f64, width: usize) -> String {
        let per_sign = self.values.len().div_ceil(width.max(1)).max(1);
        let signs = self.values.chunks(per_sign).map(|values| {
            let known: Vec<f64> = values.iter().flatten().copied().collect();
            if known.is_empty() {
                return GAP;
            }
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            bar(mean / highest)
        });
        signs.collect()
    }
}

/// The sign for a part of the highest value.
fn bar(part: f64) -> char {
    let above = |step: &f64| part * BARS.len() as f64 > step + 0.5;
    let steps = (1..BARS.len()).map(|step| step as f64).take_while(above);
    BARS[steps.count()]
}
