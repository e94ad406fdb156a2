//! Parse speed over a large page as vLLM writes it, over the real pages of `tests/pages`, and over
//! files named as arguments: `cargo bench -p aiperf-parser-prometheus [-- FILE..]`.
//!
//! Prints the best of many runs, which is what the code costs on an otherwise busy machine.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aiperf_parser_prometheus::{Config, Format, PrometheusParser};
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::testing::FakeHost;
use aiperf_plugin_sdk::time::PayloadClock;

/// How long each page is read for.
const BUDGET: Duration = Duration::from_secs(1);

/// Histograms of 22 buckets, counters and gauges of 72 engines: 2.5 MB.
fn vllm_like() -> String {
    const BOUNDS: [&str; 22] = [
        "0.001", "0.005", "0.01", "0.02", "0.04", "0.06", "0.08", "0.1", "0.25", "0.5", "0.75",
        "1.0", "2.5", "5.0", "7.5", "10.0", "20.0", "40.0", "80.0", "160.0", "640.0", "+Inf",
    ];
    let mut page = String::new();
    let labels = |engine: usize| {
        format!(
            "engine=\"{}\",model_name=\"meta-llama/Llama-3.{}-8B-Instruct\"",
            engine % 12,
            engine / 12
        )
    };
    for family in 0..12 {
        let name = format!("vllm:stage_{family}_time_seconds");
        writeln!(
            page,
            "# HELP {name} Histogram of stage {family}.\n# TYPE {name} histogram"
        )
        .unwrap();
        for engine in 0..72 {
            for (at, bound) in BOUNDS.iter().enumerate() {
                let count = (at + 1) * (engine + 7) * 31;
                writeln!(
                    page,
                    "{name}_bucket{{le=\"{bound}\",{}}} {count}.0",
                    labels(engine)
                )
                .unwrap();
            }
            writeln!(page, "{name}_count{{{}}} {}.0", labels(engine), 22 * engine).unwrap();
            writeln!(
                page,
                "{name}_sum{{{}}} {}",
                labels(engine),
                engine as f64 * 1.234_567_890_1
            )
            .unwrap();
        }
    }
    for family in 0..10 {
        let name = format!("vllm:gauge_{family}");
        writeln!(page, "# HELP {name} Gauge {family}.\n# TYPE {name} gauge").unwrap();
        for engine in 0..72 {
            writeln!(page, "{name}{{{}}} {}.0", labels(engine), engine * family).unwrap();
        }
    }
    page
}

fn measure(name: &str, body: &[u8]) {
    let mut parser = PrometheusParser::open(Config::default(), &FakeHost::new().host()).unwrap();
    let content_type = match Format::detect("", body) {
        Format::PrometheusText => "text/plain",
        Format::OpenMetrics => "application/openmetrics-text",
    };
    let payload = Payload::new(content_type, body, PayloadClock::default());
    let mut batch = Batch::new();
    let mut best = Duration::MAX;
    let start = Instant::now();
    while start.elapsed() < BUDGET {
        let before = Instant::now();
        batch.clear();
        parser.parse(black_box(&payload), &mut batch).unwrap();
        best = best.min(before.elapsed());
    }
    let (seconds, samples) = (best.as_secs_f64(), batch.len());
    println!(
        "{name:40} {:9} bytes {samples:7} samples {:7.0} MB/s {:6.2} M samples/s",
        body.len(),
        body.len() as f64 / 1e6 / seconds,
        samples as f64 / 1e6 / seconds
    );
}

fn main() {
    measure("vLLM-like, 72 engines", vllm_like().as_bytes());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let pages = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let named = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .map(PathBuf::from);
    let mut paths: Vec<_> = pages.chain(named).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension != "md"));
    paths.sort();
    for path in paths {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        measure(&name, &std::fs::read(path).unwrap());
    }
}
