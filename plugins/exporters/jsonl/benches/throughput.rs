//! Lines of pages as vLLM writes them, through the plugin boundary into a file:
//! `cargo bench -p aiperf-exporter-jsonl`.
//!
//! Prints the best of many runs, which is what the code costs on an otherwise busy machine.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aiperf_exporter_jsonl as _;
use aiperf_plugin_sdk::hosting::{ExporterHandle, FileServices, HostServices, builtin_factories};
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::time::Instant2;
use aiperf_plugin_sdk::view::{
    FamilyEntry, KeyEntry, RequestBlock, RequestRow, SchemaDelta, ScrapeMeta, ScrapeRecord,
    SeriesEntry, ServerEntry,
};
use aiperf_plugin_sdk::{Context, LogLevel, MetricKind, Wake};

/// How long each case is written for.
const BUDGET: Duration = Duration::from_secs(1);
/// Buckets of a histogram.
const BUCKETS: u32 = 22;

/// A host whose files are temporary ones, and are counted.
#[derive(Debug, Default)]
struct Disk(Arc<AtomicU64>);

impl HostServices for Disk {
    fn log(&self, _: LogLevel, _: &str) {}

    fn now(&self) -> Instant2 {
        Instant2::default()
    }

    fn artifact(&self, _: &str, _: bool) -> Result<Box<dyn FileServices>> {
        Ok(Box::new(Counted(
            tempfile::tempfile()?,
            Arc::clone(&self.0),
        )))
    }

    fn wait(&self, _: Duration) -> Wake {
        Wake::Stop
    }
}

#[derive(Debug)]
struct Counted(File, Arc<AtomicU64>);

impl FileServices for Counted {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.1.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        // The file stays as small as what is written at once.
        self.0.seek(SeekFrom::Start(0))?;
        Ok(self.0.write_all(bytes)?)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        Ok(())
    }

    fn discard(&mut self) -> Result<()> {
        Ok(())
    }
}

/// `histograms` histograms of 24 series, and as many gauges and counters.
fn page(histograms: u32) -> ScrapeRecord {
    let mut record = ScrapeRecord {
        meta: ScrapeMeta {
            phase: Some("profiling".to_owned()),
            timestamp_ns: 1_795_504_122_489_614_010,
            mono_ns: 91_234_567_890,
            page: Some(0),
            ..ScrapeMeta::default()
        },
        ..ScrapeRecord::default()
    };
    record.schema.servers.push(ServerEntry {
        url: "http://127.0.0.1:8000/metrics".to_owned(),
        collector_id: "collector_http___127_0_0_1_8000_metrics".to_owned(),
        server_id: "server-0".to_owned(),
        ..ServerEntry::default()
    });
    for at in 0..histograms {
        let name = format!("vllm:stage_{at}_time_seconds");
        family(&mut record, &name, MetricKind::Histogram);
        for bucket in 0..BUCKETS {
            let le = f64::from(bucket) * 0.25;
            series(
                &mut record,
                &name,
                "_bucket",
                Some(le),
                f64::from(bucket * 31 + at),
            );
        }
        for (suffix, value) in [("_sum", f64::from(at) * 1.234_567_890_1), ("_count", 682.0)] {
            series(&mut record, &name, suffix, None, value);
            key(&mut record, format!("{name}{suffix}"), value);
        }
        for (name, kind, value) in [
            (
                format!("vllm:gauge_{at}"),
                MetricKind::Gauge,
                0.123_456 * f64::from(at),
            ),
            (
                format!("vllm:counter_{at}_total"),
                MetricKind::Counter,
                36_225.0,
            ),
        ] {
            family(&mut record, &name, kind);
            series(&mut record, &name, "", None, value);
            key(&mut record, name, value);
        }
    }
    record
}

fn family(record: &mut ScrapeRecord, name: &str, kind: MetricKind) {
    record.schema.families.push(FamilyEntry {
        name: name.to_owned(),
        kind,
        help: "What a server says of it in one line.".to_owned(),
        ..FamilyEntry::default()
    });
}

fn series(record: &mut ScrapeRecord, family: &str, suffix: &str, le: Option<f64>, value: f64) {
    let mut labels = BTreeMap::new();
    labels.insert("engine".to_owned(), "0".to_owned());
    labels.insert(
        "model_name".to_owned(),
        "meta-llama/Llama-3.1-8B-Instruct".to_owned(),
    );
    labels.extend(le.map(|le| ("le".to_owned(), le.to_string())));
    record
        .series
        .push(u32::try_from(record.schema.series.len()).unwrap());
    record.values.push(value);
    record.schema.series.push(SeriesEntry {
        name: format!("{family}{suffix}"),
        family: family.to_owned(),
        labels,
        ..SeriesEntry::default()
    });
}

fn key(record: &mut ScrapeRecord, key: String, value: f64) {
    record
        .keys
        .push(u32::try_from(record.schema.keys.len()).unwrap());
    record.key_values.push(value);
    record.schema.keys.push(KeyEntry {
        key,
        ..KeyEntry::default()
    });
}

fn open(disk: Disk) -> ExporterHandle {
    let factory = builtin_factories().remove(0);
    let options = serde_json::json!({});
    let mut exporter = factory
        .open_exporter(&options, &Context::new("jsonl"), Arc::new(disk))
        .unwrap();
    exporter.begin(&RunInfo::default()).unwrap();
    exporter
}

/// Prints what the best call of `work` costs, and how fast it writes `lines` lines.
fn measure(what: &str, lines: u64, written: &AtomicU64, mut work: impl FnMut()) {
    let started = Instant::now();
    let mut best = Duration::MAX;
    let mut bytes = 0;
    while started.elapsed() < BUDGET {
        let before = written.load(Ordering::Relaxed);
        let call = Instant::now();
        work();
        best = best.min(call.elapsed());
        bytes = written.load(Ordering::Relaxed) - before;
    }
    let seconds = best.as_secs_f64();
    println!(
        "{what}: {:.0} us, {} bytes a line, {:.0} lines/s, {:.0} MB/s",
        seconds * 1e6,
        bytes / lines,
        lines as f64 / seconds,
        bytes as f64 / seconds / 1e6
    );
}

fn main() {
    for histograms in [10, 40, 400] {
        let written = Arc::new(AtomicU64::new(0));
        let mut exporter = open(Disk(Arc::clone(&written)));
        let first = page(histograms);
        exporter.scrape(&first).unwrap();
        let explained = written.load(Ordering::Relaxed);
        let later = ScrapeRecord {
            schema: SchemaDelta::default(),
            ..first.clone()
        };
        let what = format!(
            "page of {} series (first line {explained} bytes)",
            first.series.len()
        );
        measure(&what, 1, &written, || exporter.scrape(&later).unwrap());
    }
    let written = Arc::new(AtomicU64::new(0));
    let mut exporter = open(Disk(Arc::clone(&written)));
    let gaps: Vec<i64> = (0..127).map(|gap| 10_012_345 + gap * 977).collect();
    let mut block = RequestBlock::default();
    for id in 0..256 {
        block.push(&RequestRow {
            id,
            status: 200,
            start_ns: 1_795_504_122_489_614_010 + id,
            ttft_ns: Some(20_239_240),
            latency_ns: Some(175_166_552),
            prompt_tokens: Some(550),
            completion_tokens: Some(128),
            gaps_ns: &gaps,
            ..RequestRow::default()
        });
    }
    measure("256 requests of 128 tokens", 256, &written, || {
        exporter.requests(&block).unwrap();
    });
}
