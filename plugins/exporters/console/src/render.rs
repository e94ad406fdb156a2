//! The whole page.

use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::report::Report;

use crate::paint::Paint;
use crate::rows::{self, ESTIMATE};
use crate::table::Table;
use crate::text::{centered, wrap};
use crate::{Config, Show, run_facts, server_summary};

/// Narrower terminals get lines of this width all the same.
const NARROWEST: usize = 40;
/// Text is hard to read in longer lines, however wide the terminal is.
const LONGEST_TEXT: usize = 120;

/// What people read at the end of a run. Ends with a newline, unless it is empty.
pub fn render(report: &Report, run: &RunInfo, config: &Config) -> String {
    let available = usize::from(run.terminal.width).max(NARROWEST);
    let paint = Paint {
        color: run.terminal.color,
    };
    let show_servers = config.server_metrics == Show::Yes;
    let clients = client_table(report, available);
    let servers = if show_servers {
        server_tables(report, config, available)
    } else {
        Vec::new()
    };
    let tables = || clients.iter().chain(servers.iter().map(|(_, table)| table));
    let page = tables()
        .map(Table::width)
        .max()
        .unwrap_or(LONGEST_TEXT)
        .min(available);

    let mut blocks = Vec::new();
    if let Some(table) = &clients {
        let title = centered("aiperf | LLM Metrics", page);
        let title = title.iter().map(|line| paint.title(line));
        blocks.push(title.chain(table.lines(page, paint)).collect());
    }
    blocks.push(facts(report, page, paint));
    if show_servers {
        blocks.push(server_summary::lines(&report.endpoints, page, paint));
    }
    for (title, table) in &servers {
        let title = centered(title, page);
        let title = title.iter().map(|line| paint.bold(line));
        blocks.push(title.chain(table.lines(page, paint)).collect());
    }
    blocks.push(legend(&tables().collect::<Vec<_>>(), page, paint));
    blocks.push(run_facts::warnings(&report.warnings, page, paint));
    blocks.push(run_facts::ending(report, &run.artifact_dir, page, paint));
    joined(&blocks)
}

fn client_table(report: &Report, available: usize) -> Option<Table> {
    let rows = report
        .llm_metrics
        .iter()
        .map(|(key, metric)| rows::client(key, metric));
    let rows: Vec<_> = rows.collect();
    (!rows.is_empty()).then(|| Table::new(rows, available))
}

fn server_tables(report: &Report, config: &Config, available: usize) -> Vec<(String, Table)> {
    let tables = report.servers.iter().map(|server| {
        let title = server_summary::title(server, &report.servers);
        (
            title,
            Table::new(rows::server(&server.metrics, config.hide_zero), available),
        )
    });
    tables.collect()
}

fn facts(report: &Report, page: usize, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(totals) = &report.requests {
        lines.extend(run_facts::requests(totals, page, paint));
    }
    lines.extend(run_facts::phases(report, page, paint));
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
    let given_up = tables
        .iter()
        .map(|table| table.given_up())
        .max_by_key(Vec::len);
    let given_up = given_up.unwrap_or_default();
    if !given_up.is_empty() {
        notes.push(format!(
            "no room for {}: see the files",
            given_up.join(", ")
        ));
    }
    let lines = notes.iter().flat_map(|note| wrap(note, page, 2));
    lines.map(|line| paint.dim(&line)).collect()
}

fn joined(blocks: &[Vec<String>]) -> String {
    let blocks = blocks.iter().filter(|block| !block.is_empty());
    let blocks: Vec<_> = blocks.map(|block| block.join("\n")).collect();
    let text = blocks.join("\n\n");
    if text.is_empty() { text } else { text + "\n" }
}
