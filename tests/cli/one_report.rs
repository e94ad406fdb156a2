//! One run, one report: every number of every format is the same number.

mod console;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use aiperf_core::config::{Command, ConfigFile, Context, Layers, RunPlan, Trust};
use aiperf_core::event::{Event, EventSink, Events};
use aiperf_core::load::StopSignal;
use aiperf_core::plugins::Registry;
use aiperf_core::run::{Recording, RunParts};
use aiperf_exporter_json::Document;
use aiperf_plugin_sdk::display::metric_title;
use aiperf_plugin_sdk::report::{MetricReport, Report, Stats};
use aiperf_plugin_sdk::run::Terminal;
use aiperf_sim::{Faults, Sim, SimConfig};
use serde_json::Value;

use super::console_text::{Row, cells_below, divisor, numbers, shows, tables};
use super::pages::Pages;

// Plugins that nobody names are not linked.
use aiperf_collector_prometheus as _;
use aiperf_exporter_console as _;
use aiperf_exporter_csv as _;
use aiperf_exporter_jsonl as _;
use aiperf_parser_prometheus as _;

/// A run of the library, and everything that it wrote.
pub(crate) struct OneRun {
    pub(crate) report: Report,
    recomputed: Report,
    pub(crate) json: String,
    pub(crate) csv: String,
    pub(crate) slices_csv: String,
    pub(crate) console: String,
}

pub(crate) fn one_run() -> &'static OneRun {
    static RUN: OnceLock<OneRun> = OnceLock::new();
    RUN.get_or_init(run)
}

fn run() -> OneRun {
    let faults = Faults {
        error_every: 11,
        ..Faults::default()
    };
    let config = SimConfig {
        jitter: 0.3,
        faults,
        ..SimConfig::default()
    };
    let sim = Sim::start(config).expect("a simulated server");
    // A replica that gets no load.
    let idle = Sim::start(SimConfig::default()).expect("a simulated server");
    let pages = Pages::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let registry = Registry::with_builtins().expect("built-ins describe themselves");
    let more = [pages.url(), format!("{}/metrics", idle.url())];
    let plan = plan(&registry, &sim.url(), &more, &dir.path().join("out"));
    let stdout = Arc::new(Mutex::new(Vec::new()));
    let parts = RunParts {
        registry: Arc::new(registry),
        events: Events::new(Arc::new(Silence)),
        stop: StopSignal::new(),
        stdout: Arc::<Mutex<Vec<u8>>>::clone(&stdout),
        terminal: Terminal {
            width: 240,
            ..Terminal::default()
        },
        version: "test",
    };
    let outcome = aiperf_core::run::run(&plan, &parts).expect("a run");
    assert_eq!(outcome.failures, []);
    let read = |name: &str| {
        std::fs::read_to_string(outcome.artifact_dir.join(name)).expect("a file of the run")
    };
    let console = stdout.lock().expect("nobody panicked").clone();
    OneRun {
        recomputed: recompute(&outcome.artifact_dir),
        json: read("aiperf.json"),
        csv: read("metrics.csv"),
        slices_csv: read("metrics_slices.csv"),
        console: String::from_utf8(console).expect("text"),
        report: outcome.report,
    }
}

struct Silence;

impl EventSink for Silence {
    fn event(&self, _: &Event) {}
}

fn plan(registry: &Registry, url: &str, more: &[String], dir: &Path) -> RunPlan {
    let text = format!(
        "[endpoint]\nurl = {url:?}\n[load]\nconcurrency = 4\nrequest_count = 50\n\
         warmup_request_count = 6\nisl = 30.0\nosl = 16.0\n\
         [goodput]\ntime_to_first_token = 20.0\ninter_token_latency = 5.0\n\
         [server_metrics]\nurls = {more:?}\ninterval = \"40ms\"\n\
         [collectors.server_metrics]\nuse = \"prometheus\"\n\
         [exporters.jsonl]\n[exporters.csv]\n[exporters.json]\n\
         [exporters.console.options]\nserver_metrics = true\nrows = \"all\"\n\
         [run]\nslice_duration = \"100ms\"\nartifact_dir = \"{}\"\n",
        dir.display()
    );
    let mut layers = Layers::new(BTreeMap::new());
    layers.add_file(ConfigFile {
        name: "settings",
        text: &text,
        trust: Trust::Named,
    });
    let context = Context {
        command: Command::Profile,
        catalog: registry,
        fresh_seed: 7,
    };
    layers
        .resolve(&context)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn recompute(dir: &Path) -> Report {
    let recording = Recording {
        run: dir.join("run.json"),
        scrapes: Some(dir.join("server_metrics_export.jsonl")),
        requests: Some(dir.join("profile_export.jsonl")),
    };
    let recomputed = recording.recompute(None, None).expect("a recorded run");
    assert_eq!(recomputed.gaps, []);
    recomputed.report
}

#[test]
fn the_library_the_recording_and_the_document_say_the_same() {
    let run = one_run();
    assert_eq!(run.report, run.recomputed);
    let document = Document::new(&run.report).to_bytes().expect("a document");
    assert_eq!(run.json.as_bytes(), document);
    assert_eq!(run.report.servers.len(), 4);
    assert!(!run.report.aggregates.is_empty() && !run.report.pairs.is_empty());
    assert!(run.report.requests.as_ref().expect("load").failed > 0);
    assert!(!run.report.slices.is_empty());
}

/// All numbers of a document, and texts that read as numbers, such as the values of labels.
fn numbers_of(value: &Value, into: &mut BTreeSet<u64>) {
    let mut add = |number: Option<f64>| into.extend(number.map(f64::to_bits));
    match value {
        Value::Number(number) => add(number.as_f64()),
        Value::String(text) => add(text.parse().ok()),
        Value::Array(items) => items.iter().for_each(|item| numbers_of(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| numbers_of(field, into)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[test]
fn the_csv_has_no_number_that_the_json_has_not() {
    let run = one_run();
    let mut known = BTreeSet::new();
    numbers_of(&serde_json::from_str(&run.json).expect("JSON"), &mut known);
    for row in csv_rows(&run.csv) {
        for cell in &row {
            let number = cell.parse::<f64>();
            assert!(
                !number.is_ok_and(|n| !known.contains(&n.to_bits())),
                "{cell} in {row:?}"
            );
        }
    }
}

pub(crate) fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn each_metric_of_the_csv_is_that_of_the_json() {
    let run = one_run();
    let json: Value = serde_json::from_str(&run.json).expect("JSON");
    let rows = csv_rows(&run.csv);
    let (header, rows) = rows.split_first().expect("a header");
    let mut metrics = &json["llm_metrics"];
    let mut endpoint = "";
    let mut compared = 0;
    for row in rows {
        match row.as_slice() {
            [name, value] if name == "server_endpoint" => endpoint = value,
            [name, value] if name == "server_id" => {
                let servers = &json["server_metrics"]["endpoints"][format!("http://{endpoint}")];
                metrics = &servers["servers"][value]["metrics"];
            }
            row if row.len() == header.len() => {
                compare_row(header, row, &metrics[&row[0]]);
                compared += 1;
            }
            _ => {}
        }
    }
    let report = &run.report;
    let all = report
        .servers
        .iter()
        .map(|server| server.metrics.len())
        .sum::<usize>();
    assert_eq!(compared, all + report.llm_metrics.len());
}

fn compare_row(header: &[String], row: &[String], metric: &Value) {
    assert!(metric.is_object(), "`{}` is not in the JSON", row[0]);
    let statistics = Stats::NAMES
        .iter()
        .copied()
        .chain(["n", "total", "rate", "count", "sum"]);
    let rates = Stats::NAMES.iter().map(|name| format!("rate_{name}"));
    let columns: Vec<String> = statistics.map(str::to_owned).chain(rates).collect();
    for (column, cell) in header
        .iter()
        .zip(row)
        .filter(|(name, _)| columns.contains(name))
    {
        let expected = match column.strip_prefix("rate_") {
            Some(statistic) => metric["rates"][statistic].as_f64(),
            None => metric[column].as_f64(),
        };
        let shown = (!cell.is_empty()).then(|| cell.parse::<f64>().expect("a number"));
        assert_eq!(shown, expected, "{column} of `{}`", row[0]);
    }
}
