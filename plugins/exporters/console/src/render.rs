//! The whole page.

use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::report::{ClientMetric, EndpointReport, Report};

use crate::paint::Paint;
use crate::rows::{self, ESTIMATE};
use crate::table::{PERCENTILES, STATISTICS, Table};
use crate::text::{centered, neutral, wrap};
use crate::{Config, Rows, Show, devices, pairs, run_facts, server_summary, slices};

/// Narrower terminals get lines of this width all the same.
const NARROWEST: usize = 40;
/// Text is hard to read in longer lines, however wide the terminal is.
const LONGEST_TEXT: usize = 120;

/// A part of the page, in its order.
enum Part {
    /// A titled table, and what is to be said below it.
    Table(String, Table, Vec<String>),
    /// Requests, phases, the tool itself.
    Facts,
    /// Heading of the server metrics.
    Summary,
}

/// What people read at the end of a run. Ends with a newline, unless it is empty.
pub fn render(report: &Report, run: &RunInfo, config: &Config) -> String {
    let available = usize::from(run.terminal.width).max(NARROWEST);
    let paint = Paint {
        color: run.terminal.color,
    };
    let parts = parts(report, config, available);
    let tables: Vec<_> = parts.iter().filter_map(Part::table).collect();
    let widest = tables.iter().map(|table| table.width()).max();
    let page = widest.unwrap_or(LONGEST_TEXT).min(available);

    let blocks = parts.iter().map(|part| part.lines(report, page, paint));
    let ends = [
        legend(&tables, page, paint),
        run_facts::warnings(&report.warnings, page, paint),
        run_facts::ending(report, page, paint),
    ];
    joined(&blocks.chain(ends).collect::<Vec<_>>())
}

fn parts(report: &Report, config: &Config, available: usize) -> Vec<Part> {
    let titled = |title: &str, table| Part::Table(title.to_owned(), table, Vec::new());
    let clients = client_table(report, config.rows, available);
    let pairs = pairs::table(report, available);
    let slices = slices::table(report, available);
    let devices = devices::table(&report.devices, available);
    let derived = devices::derived_table(&report.derived, available);
    let mut parts = Vec::new();
    parts.extend(clients.map(|table| titled("aiperf | LLM Metrics", table)));
    let more = percentile_table(report, config, available);
    parts.extend(more.map(|table| titled("aiperf | Percentiles", table)));
    parts.push(Part::Facts);
    let title = "aiperf | Client Beside Server".to_owned();
    parts.extend(pairs.map(|(table, notes)| Part::Table(title, table, notes)));
    parts.extend(devices.map(|table| titled("aiperf | Devices", table)));
    parts.extend(derived.map(|table| titled("aiperf | Energy and More", table)));
    parts.extend(slices.map(|(title, table)| titled(&title, table)));
    if config.server_metrics == Show::Yes {
        parts.push(Part::Summary);
        let accounting = server_summary::accounting(&report.endpoints, available);
        parts.extend(accounting.map(|table| titled("", table)));
        parts.extend(scrape_tables(report, config, available));
        parts.extend(aggregate_table(report, config.rows, available));
        parts.extend(server_tables(report, config, available));
    }
    parts
}

/// Phases of single requests are for those who look into the transport, and counts that never were
/// anything but 0 for nobody: OpenAI counts predictions that nobody made.
fn is_detail(key: &str, metric: &ClientMetric) -> bool {
    let never = key.starts_with("usage_") && metric.stats.max == Some(0.0);
    key.starts_with("http_req_") || never
}

fn client_table(report: &Report, shown: Rows, available: usize) -> Option<Table> {
    let metrics = report.llm_metrics.iter();
    let told = metrics.filter(|(key, metric)| shown == Rows::All || !is_detail(key, metric));
    let rows: Vec<_> = told.map(|(key, m)| rows::client(key, m)).collect();
    (!rows.is_empty()).then(|| Table::new(&STATISTICS, rows, available))
}

/// Further percentiles: of interest where somebody wants to see everything.
fn percentile_table(report: &Report, config: &Config, available: usize) -> Option<Table> {
    let metrics = report
        .llm_metrics
        .iter()
        .filter(|(_, metric)| config.rows == Rows::All && metric.percentiles.p75.is_some());
    let rows: Vec<_> = metrics.map(|(key, m)| rows::percentiles(key, m)).collect();
    (!rows.is_empty()).then(|| Table::new(&PERCENTILES, rows, available))
}

fn aggregate_table(report: &Report, shown: Rows, available: usize) -> Option<Part> {
    let (rows, left_out) = rows::aggregates(&report.aggregates, shown);
    let title = "All Servers Together".to_owned();
    let table = (!rows.is_empty()).then(|| Table::new(&STATISTICS, rows, available))?;
    Some(Part::Table(title, table, remainder(left_out)))
}

/// What the tool knows of its readings: of interest where somebody wants to see everything.
fn scrape_tables(report: &Report, config: &Config, available: usize) -> Vec<Part> {
    let told = report
        .endpoints
        .iter()
        .filter(|endpoint| config.rows == Rows::All && !endpoint.scrape_metrics.is_empty());
    let table = |endpoint: &EndpointReport| {
        let (rows, left_out) = rows::server(&endpoint.scrape_metrics, config);
        let title = format!("Scrapes of {}", neutral(&endpoint.display));
        let table = Table::new(&STATISTICS, rows, available);
        Part::Table(title, table, remainder(left_out))
    };
    told.map(table).collect()
}

fn server_tables(report: &Report, config: &Config, available: usize) -> impl Iterator<Item = Part> {
    report.servers.iter().map(move |server| {
        let (rows, left_out) = rows::server(&server.metrics, config);
        let title = server_summary::title(server, &report.servers);
        let notes = if server.metrics.is_empty() {
            vec!["no metrics".to_owned()]
        } else if rows.is_empty() {
            nothing(left_out)
        } else {
            remainder(left_out)
        };
        Part::Table(title, Table::new(&STATISTICS, rows, available), notes)
    })
}

impl Part {
    fn table(&self) -> Option<&Table> {
        match self {
            Self::Table(_, table, _) => Some(table).filter(|table| !table.is_empty()),
            Self::Facts | Self::Summary => None,
        }
    }

    fn lines(&self, report: &Report, page: usize, paint: Paint) -> Vec<String> {
        match self {
            Self::Table(title, table, notes) => {
                let title = centered(title, page);
                let title = title.iter().filter(|line| !line.trim().is_empty());
                let mut lines: Vec<_> = title.map(|line| paint.title(line)).collect();
                if !table.is_empty() {
                    lines.extend(table.lines(page, paint));
                }
                let notes = notes.iter().flat_map(|note| wrap(note, page, 2));
                lines.extend(notes.map(|line| paint.dim(&line)));
                lines
            }
            Self::Facts => facts(report, page, paint),
            Self::Summary => server_summary::lines(&report.endpoints, page, paint),
        }
    }
}

/// How many metrics a table leaves out, and how to see them.
fn remainder(left_out: usize) -> Vec<String> {
    let text = || elsewhere(&format!("{left_out} more in the files"));
    Vec::from_iter((left_out > 0).then(text))
}

/// The same where it leaves all out. Zeros are left out because somebody said so.
fn nothing(left_out: usize) -> Vec<String> {
    vec![match left_out {
        0 => "all metrics are 0 or not known, which `hide_zero` leaves out".to_owned(),
        all => elsewhere(&format!("all {all} metrics are in the files")),
    }]
}

fn elsewhere(what: &str) -> String {
    format!(
        "{what} (runtime, constants, what nothing happened to); \
         `rows = \"all\"` in `[exporters.console.options]` shows them"
    )
}

fn facts(report: &Report, page: usize, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(totals) = &report.requests {
        lines.extend(run_facts::requests(totals, page, paint));
    }
    if let Some(goodput) = &report.goodput {
        lines.extend(run_facts::goodput(goodput, page, paint));
    }
    lines.extend(run_facts::steady(report, page, paint));
    lines.extend(run_facts::phases(report, page, paint));
    if let Some(health) = &report.client_health {
        lines.extend(run_facts::health(health, page, paint));
    }
    lines
}

/// What the signs mean that the page uses.
fn legend(tables: &[&Table], page: usize, paint: Paint) -> Vec<String> {
    let mut notes = Vec::new();
    if tables.iter().any(|table| table.has_mark(ESTIMATE)) {
        notes.push(format!(
            "{ESTIMATE} estimated; the JSON file says how, and the bounds"
        ));
    }
    let given_up = given_up(tables);
    if !given_up.is_empty() {
        notes.push(format!(
            "no room for {}: see the files",
            given_up.join(", ")
        ));
    }
    let lines = notes.iter().flat_map(|note| wrap(note, page, 2));
    lines.map(|line| paint.dim(&line)).collect()
}

/// Names of columns that some table has no room for, the statistics first.
fn given_up(tables: &[&Table]) -> Vec<&'static str> {
    let mut all: Vec<_> = tables.iter().flat_map(|table| table.given_up()).collect();
    let place = |name: &&str| STATISTICS.names.iter().position(|one| one == name);
    all.sort_by_key(|name| (place(name).unwrap_or(usize::MAX), *name));
    all.dedup();
    all
}

fn joined(blocks: &[Vec<String>]) -> String {
    let blocks = blocks.iter().filter(|block| !block.is_empty());
    let blocks: Vec<_> = blocks.map(|block| block.join("\n")).collect();
    let text = blocks.join("\n\n");
    if text.is_empty() { text } else { text + "\n" }
}
