//! Several runs: a line for each, and a table of all.

use aiperf_core::sweep::{CellSummary, Spread, Summary, text};
use aiperf_plugin_sdk::display::{excerpt, printable};
use console::{Style, measure_text_width};

/// Columns: heading, metric, statistic. Those at the end give way on narrow terminals.
const COLUMNS: [(&str, &str, &str); 7] = [
    ("req/s", "request_throughput", "avg"),
    ("tok/s", "output_token_throughput", "avg"),
    ("good", "good_request_fraction", "avg"),
    ("TTFT ms", "time_to_first_token", "avg"),
    ("TTFT p99", "time_to_first_token", "p99"),
    ("ITL ms", "inter_token_latency", "avg"),
    ("latency p99", "request_latency", "p99"),
];

/// Between columns.
const GAP: usize = 2;

/// What is known of a combination after a run of it.
pub(crate) fn sweep_line(cell: &CellSummary) -> String {
    let Some(run) = cell.runs.last() else {
        return String::new();
    };
    if run.error.is_some() {
        return "  no numbers".to_owned();
    }
    let known = COLUMNS.iter().filter_map(|(heading, metric, stat)| {
        Some(format!("{heading} {}", value(cell.spread(metric, stat)?)))
    });
    let known: Vec<_> = known.collect();
    let broken: Vec<_> = cell.slo.iter().filter(|slo| !slo.kept).collect();
    let broken = broken.iter().map(|slo| format!("not {}", slo.slo));
    let words: Vec<_> = known.into_iter().chain(broken).collect();
    format!("  {}", words.join(", "))
}

/// A line for each combination. Means of the runs, with half the confidence interval from two runs on; a
/// star marks combinations that no other beats.
pub(crate) fn sweep_table(summary: &Summary, width: usize) -> Vec<String> {
    let Some(first) = summary.cells.first() else {
        return Vec::new();
    };
    let settings = first.values.keys().map(|path| {
        let name = path.rsplit('.').next().unwrap_or(path);
        printable(name).into_owned()
    });
    let mut columns: Vec<Vec<String>> = settings.map(|name| vec![name]).collect();
    // Names of models are long, and the numbers are what people came for.
    let room = (width / 3 / columns.len().max(1)).max(8);
    for cell in &summary.cells {
        for (column, value) in columns.iter_mut().zip(cell.values.values()) {
            column.push(excerpt(&text(value), room).into_owned());
        }
    }
    let last = marks(summary);
    let mut left = width.saturating_sub(size(&last));
    for column in &columns {
        left = left.saturating_sub(size(column) + GAP);
    }
    for (heading, metric, stat) in COLUMNS {
        let values = summary.cells.iter().map(|cell| cell.spread(metric, stat));
        let values: Vec<_> = values.collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        let cells = values
            .into_iter()
            .map(|v| v.map_or_else(|| "-".to_owned(), value));
        let column: Vec<_> = std::iter::once(heading.to_owned()).chain(cells).collect();
        if size(&column) + GAP > left {
            continue;
        }
        left -= size(&column) + GAP;
        columns.push(column);
    }
    columns.push(last);
    let mut lines = laid_out(&columns);
    if let Some(heading) = lines.first_mut() {
        *heading = Style::new().bold().apply_to(&heading).to_string();
    }
    lines.extend(notes(summary));
    lines
}

/// What there is to say of each combination beside its numbers.
fn marks(summary: &Summary) -> Vec<String> {
    let is_alone = summary.cells.len() == 1;
    let front = summary.pareto.first();
    let on_the_front = |at: &usize| front.is_some_and(|front| front.cells.contains(at));
    let mut column = vec![String::new()];
    for (at, cell) in summary.cells.iter().enumerate() {
        let mut words = Vec::new();
        if !is_alone && on_the_front(&at) {
            words.push("*".to_owned());
        }
        match cell.failed() {
            0 => {}
            failed => words.push(format!("{failed} failed")),
        }
        let missing = cell.runs.iter().filter(|run| run.error.is_some()).count();
        if missing > 0 {
            words.push(format!("{missing} without numbers"));
        }
        if cell.runs.is_empty() {
            words.push("not run".to_owned());
        } else if !cell.slo.is_empty() {
            let unknown = cell.slo.iter().find(|slo| slo.value.is_none());
            words.push(match (unknown, cell.keeps_slo()) {
                (Some(slo), _) => format!("no number for {}", printable(&slo.slo)),
                (None, true) => "kept".to_owned(),
                (None, false) => "broken".to_owned(),
            });
        }
        column.push(words.join(" "));
    }
    column
}

fn notes(summary: &Summary) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(front) = summary.pareto.first().filter(|_| summary.cells.len() > 1) {
        let (more, less) = (&front.maximize, &front.minimize);
        notes.push(format!("* none has more {more} at lower {less}"));
    }
    if summary.num_profile_runs > 1 {
        let level = summary.confidence_level * 100.0;
        notes.push(format!(
            "Means of up to {} runs ± half the {level} % confidence interval",
            summary.num_profile_runs
        ));
    }
    if let Some(search) = &summary.search {
        let name = search.setting.rsplit('.').next().unwrap_or_default();
        if !summary.complete {
            notes.push("The search ended before it was done".to_owned());
        }
        notes.push(match (search.largest_kept, search.smallest_broken) {
            (Some(kept), Some(broken)) => {
                format!("Largest {name} that keeps all limits: {kept} ({broken} does not)")
            }
            (Some(kept), None) => format!("All limits are kept up to {name} {kept}"),
            (None, _) => format!("No {name} keeps all limits"),
        });
    }
    notes
}

fn size(column: &[String]) -> usize {
    let widths = column.iter().map(|cell| measure_text_width(cell));
    widths.max().unwrap_or(0)
}

/// Numbers to the right, the last column to the left.
fn laid_out(columns: &[Vec<String>]) -> Vec<String> {
    let rows = columns.first().map_or(0, Vec::len);
    let line = |row: usize| {
        let mut line = String::new();
        for (at, column) in columns.iter().enumerate() {
            let cell = &column[row];
            let pad = " ".repeat(size(column) - measure_text_width(cell));
            if at + 1 == columns.len() {
                line += cell;
            } else {
                line += &pad;
                line += cell;
                line += &" ".repeat(GAP);
            }
        }
        line.trim_end().to_owned()
    };
    (0..rows).map(line).collect()
}

/// `12.3` or `12.3 ± 0.4`.
fn value(spread: Spread) -> String {
    let margin = spread.ci_high.map(|high| high - spread.mean);
    match margin {
        Some(margin) => format!("{} ± {}", short(spread.mean), short(margin)),
        None => short(spread.mean),
    }
}

/// About four digits.
fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 1000.0 => format!("{value:.0}"),
        v if v >= 100.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
