//! The report from outside: pages and requests in, numbers out.

mod client;
mod details;
mod devices;
mod goodput;
mod histogram;
mod memory;
mod pairs;
mod phases;
mod scalar;
mod slices;
mod steady;
mod window;

use aiperf_plugin_sdk::batch::{FamilyRow, SampleRow};
use aiperf_plugin_sdk::report::{MetricReport, ServerReport};
use aiperf_plugin_sdk::time::PayloadClock;
use aiperf_plugin_sdk::view::Barrier;
use aiperf_plugin_sdk::{Batch, MetricKind};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::store::{EndpointId, EndpointInfo, ScrapeInfo, StoreOptions};

/// Holds the number and the mean of a metric against what its definition makes of each request.
fn check_mean<T>(
    report: &Report,
    requests: &[T],
    name: &str,
    of: impl Fn(&T) -> Option<f64>,
) -> Result<(), TestCaseError> {
    let values: Vec<f64> = requests.iter().filter_map(of).collect();
    let found = report.llm_metrics.get(name);
    prop_assert_eq!(
        found.map_or(0, |metric| metric.n),
        values.len() as u64,
        "{}",
        name
    );
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let avg = found
        .and_then(|metric| metric.stats.avg)
        .unwrap_or_default();
    prop_assert!(
        (avg - mean).abs() <= 1e-9 * mean.max(1.0),
        "{}: {}",
        name,
        avg
    );
    Ok(())
}

fn at(seconds: f64) -> Instant2 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "tests use small round numbers"
    )]
    let mono_ns = (seconds * 1e9) as i64;
    Instant2 {
        mono_ns,
        wall_ns: 1_736_240_731_234_000_000 + mono_ns,
    }
}

/// A store with one endpoint, and one profiling phase from second 10 to second 14.
struct Bench {
    store: Store,
    endpoint: EndpointId,
    phase: PhaseWindow,
    records: Option<RequestLog>,
    slice_duration: Option<Duration>,
}

impl Bench {
    fn new() -> Self {
        Self::with(StoreOptions::default())
    }

    fn with(options: StoreOptions) -> Self {
        let mut store = Store::new(options);
        let url = "http://h:1/metrics".to_owned();
        let endpoint = store.add_endpoint(EndpointInfo {
            url,
            ..EndpointInfo::default()
        });
        let phase = PhaseWindow {
            name: "profiling".to_owned(),
            first_send: at(10.0),
            last_response: at(14.0),
            ..PhaseWindow::default()
        };
        Self {
            store,
            endpoint,
            phase,
            records: Some(RequestLog::default()),
            slice_duration: None,
        }
    }

    fn page(&mut self, seconds: f64, barrier: Barrier, fill: impl FnOnce(&mut Batch)) {
        self.text(seconds, barrier, "", fill);
    }

    /// A reading that took 2 ms.
    fn info(&self, seconds: f64, barrier: Barrier) -> ScrapeInfo {
        let sent = at(seconds);
        ScrapeInfo {
            clock: PayloadClock::new(sent, sent.mono_ns + 1, sent.mono_ns + 2_000_000),
            phase: Some(self.phase.index),
            barrier,
            ..ScrapeInfo::default()
        }
    }

    /// A page whose columns point into its text.
    fn text(&mut self, seconds: f64, barrier: Barrier, text: &str, fill: impl FnOnce(&mut Batch)) {
        let info = self.info(seconds, barrier);
        let mut batch = Batch::new();
        fill(&mut batch);
        batch
            .read(text.as_bytes(), |page| {
                self.store.scrape(self.endpoint, &info, page)
            })
            .unwrap();
    }

    /// Start page before, ticks inside, end page after the load.
    fn counter(&mut self, readings: &[(f64, Barrier, f64)]) {
        for (seconds, barrier, value) in readings {
            self.page(*seconds, *barrier, |b| b.counter("c_total", &[], *value));
        }
    }

    fn report(&self) -> Report {
        self.report_of(std::slice::from_ref(&self.phase))
    }

    fn report_of(&self, phases: &[PhaseWindow]) -> Report {
        self.build(&RunInfo::default(), phases)
    }

    fn report_of_model(&self, model: &str) -> Report {
        let model = model.to_owned();
        let run = RunInfo {
            model,
            ..RunInfo::default()
        };
        self.build(&run, std::slice::from_ref(&self.phase))
    }

    fn build(&self, run: &RunInfo, phases: &[PhaseWindow]) -> Report {
        build(&ReportInput {
            run,
            status: RunStatus::Completed,
            clock: Some(ClockSource::Kernel),
            by_version: (0, 1),
            store: &self.store,
            knowledge: Knowledge::embedded(),
            phases,
            records: self.records.as_ref(),
            slice_duration: self.slice_duration,
            warnings: Vec::new(),
        })
    }

    fn server(&self) -> ServerReport {
        self.report().servers.remove(0)
    }
}

fn metric<'a>(server: &'a ServerReport, key: &str) -> &'a MetricReport {
    let keys: Vec<_> = server
        .metrics
        .iter()
        .map(|metric| metric.key.as_str())
        .collect();
    let found = server.metrics.iter().find(|metric| metric.key == key);
    found.unwrap_or_else(|| panic!("no `{key}` among {keys:?}"))
}

fn codes(report: &Report) -> Vec<&str> {
    report
        .warnings
        .iter()
        .map(|warning| warning.code.as_str())
        .collect()
}

/// Adds a sample under its full name.
fn push(batch: &mut Batch, family: &str, kind: MetricKind, name: &str, label: &str, value: f64) {
    let family = batch.push_extra(family.as_bytes());
    let family = batch.push_family(FamilyRow::new(family, kind));
    for (name, value) in label.split(',').filter_map(|label| label.split_once('=')) {
        let name = batch.push_extra(name.as_bytes());
        let value = batch.push_extra(value.as_bytes());
        batch.push_label(name, value);
    }
    let name = batch.push_extra(name.as_bytes());
    batch.push_sample(SampleRow::new(family, name, value));
}
