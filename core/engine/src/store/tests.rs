//! The store from outside: pages in, records out.

mod groups;
mod keys;
mod memory;
mod servers;
mod types;

use aiperf_plugin_sdk::batch::{FamilyRow, SampleRow, Span};
use aiperf_plugin_sdk::report::ScrapeFailure;
use aiperf_plugin_sdk::time::{Instant2, PayloadClock};
use aiperf_plugin_sdk::view::{Barrier, Schema, ScrapeRecord};
use aiperf_plugin_sdk::{Batch, MetricKind};

use super::*;

pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

/// Adds a sample under its full name.
pub(super) fn push(
    batch: &mut Batch,
    family: &str,
    kind: MetricKind,
    name: &str,
    labels: Labels<'_>,
    v: f64,
) {
    let family = batch.push_extra(family.as_bytes());
    let family = batch.push_family(FamilyRow::new(family, kind));
    for (name, value) in labels {
        let name = batch.push_extra(name.as_bytes());
        let value = batch.push_extra(value.as_bytes());
        batch.push_label(name, value);
    }
    let name = batch.push_extra(name.as_bytes());
    batch.push_sample(SampleRow::new(family, name, v));
}

/// A store with one endpoint, the schema that an exporter would have, and the time.
pub(super) struct Bench {
    pub(super) store: Store,
    pub(super) endpoint: EndpointId,
    schema: Schema,
    second: i64,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(StoreOptions::default(), EndpointInfo::default())
    }

    fn with(options: StoreOptions, info: EndpointInfo) -> Self {
        let mut store = Store::new(options);
        let endpoint = store.add_endpoint(info);
        Self {
            store,
            endpoint,
            schema: Schema::default(),
            second: 0,
        }
    }

    fn info(&mut self, phase: Option<u32>, barrier: Barrier) -> ScrapeInfo {
        self.second += 1;
        let ns = self.second * 1_000_000_000;
        let sent = Instant2 {
            mono_ns: ns,
            wall_ns: ns,
        };
        let clock = PayloadClock::new(sent, ns + 1, ns + 2);
        ScrapeInfo {
            clock,
            phase,
            phase_name: phase.map(|n| format!("phase{n}")),
            barrier,
            ..ScrapeInfo::default()
        }
    }

    fn page(&mut self, barrier: Barrier, fill: impl FnOnce(&mut Batch)) -> Vec<ScrapeRecord> {
        let info = self.info(Some(0), barrier);
        let mut batch = Batch::new();
        fill(&mut batch);
        let records = batch
            .read(&[], |page| self.store.scrape(self.endpoint, &info, page))
            .unwrap();
        for record in &records {
            self.schema.add(record.schema.clone());
        }
        records
    }

    pub(super) fn tick(&mut self, fill: impl FnOnce(&mut Batch)) -> Vec<ScrapeRecord> {
        self.page(Barrier::Tick, fill)
    }

    fn keys(&self, record: &ScrapeRecord) -> Vec<(String, f64)> {
        let keys = record
            .keys
            .iter()
            .map(|id| self.schema.keys[*id as usize].key.clone());
        keys.zip(record.key_values.iter().copied()).collect()
    }

    /// Keys of a page of one server.
    fn keys_of(&mut self, fill: impl FnOnce(&mut Batch)) -> Vec<(String, f64)> {
        let records = self.tick(fill);
        assert_eq!(records.len(), 1);
        self.keys(&records[0])
    }
}

fn pairs(expect: &[(&str, f64)]) -> Vec<(String, f64)> {
    expect
        .iter()
        .map(|(key, value)| ((*key).to_owned(), *value))
        .collect()
}

#[test]
fn ids_are_stable_across_pages_and_label_orders() {
    let mut bench = Bench::new();
    let first = bench.tick(|b| {
        b.gauge("a", &[("x", "1"), ("y", "2")], 1.0);
        b.gauge("b", &[], 2.0);
    });
    let second = bench.tick(|b| {
        b.gauge("b", &[], 3.0);
        b.gauge("a", &[("y", "2"), ("x", "1")], 4.0);
    });
    assert_eq!(first[0].series, [0, 1]);
    assert_eq!(
        (second[0].series.as_slice(), second[0].values.as_slice()),
        (&[1, 0][..], &[3.0, 4.0][..])
    );
    assert!(second[0].schema.is_empty());
    assert_eq!(bench.schema.series[0].labels["y"], "2");
}

#[test]
fn names_and_labels_do_not_run_into_each_other() {
    let mut bench = Bench::new();
    let records = bench.tick(|b| {
        b.gauge("a", &[("b", "cd")], 1.0);
        b.gauge("a", &[("bc", "d")], 2.0);
        b.gauge("ab", &[("c", "d")], 3.0);
    });
    assert_eq!(records[0].series, [0, 1, 2]);
}

#[test]
fn duplicates_rejects_and_limits_are_counted() {
    let options = StoreOptions {
        families: Families {
            include: vec![Pattern::new("a*")],
            exclude: vec![Pattern::new("*_x")],
        },
        max_series: 2,
        ..StoreOptions::default()
    };
    let mut bench = Bench::with(options, EndpointInfo::default());
    for _ in 0..2 {
        let records = bench.tick(|b| {
            b.gauge("a", &[], 1.0);
            b.gauge("a", &[], 2.0);
            b.gauge("a_x", &[], 2.0);
            b.gauge("ab", &[], 3.0);
            b.gauge("ac", &[], 4.0);
        });
        assert_eq!(
            (&records[0].series[..], &records[0].values[..]),
            (&[0, 1][..], &[2.0, 3.0][..])
        );
    }
    let counts = bench.store.endpoint(bench.endpoint).counts();
    let expect = EndpointCounts {
        duplicates: 2,
        filtered: 2,
        over_limit: 1,
        ..Default::default()
    };
    assert_eq!(counts, expect);
}

#[test]
fn what_stands_for_none_is_recorded_as_written_and_read_as_no_number() {
    let mut bench = Bench::new();
    let blank = 2_f64.powi(63);
    let records = bench.tick(|b| {
        b.gauge("DCGM_FI_DEV_GPU_TEMP", &[], blank);
        b.gauge("DCGM_FI_DEV_GPU_UTIL", &[], 5.0);
    });
    assert_eq!(records[0].values, [blank, 5.0]);
    assert_eq!(
        bench.keys(&records[0]),
        pairs(&[("DCGM_FI_DEV_GPU_UTIL", 5.0)])
    );
    let server = bench
        .store
        .endpoint(bench.endpoint)
        .servers()
        .next()
        .unwrap();
    let series = server.families()[0].scalars()[0];
    let (_, value) = series.samples(0, 0).next().unwrap();
    assert!(value.is_nan());
}

#[test]
fn names_that_are_not_utf8_are_dropped_and_counted() {
    let mut bench = Bench::new();
    let records = bench.tick(|b| {
        b.gauge("a", &[], 1.0);
        let family = b.push_family(FamilyRow::new(Span::NONE, MetricKind::Gauge));
        let name = b.push_extra(b"\xff");
        b.push_sample(SampleRow::new(family, name, 1.0));
    });
    assert_eq!(records[0].series, [0]);
    assert_eq!(bench.store.endpoint(bench.endpoint).counts().not_utf8, 1);
}

#[test]
fn latest_compares_with_the_start_page() {
    let mut bench = Bench::new();
    bench.page(Barrier::Start, |b| b.counter("a_total", &[], 5.0));
    bench.page(Barrier::End, |b| {
        b.counter("a_total", &[], 9.0);
        b.counter("b_total", &[], 2.0);
    });
    let latest: Vec<_> = bench
        .store
        .latest(bench.endpoint)
        .map(|(series, value, before)| (series.name(), value, before))
        .collect();
    assert_eq!(
        latest,
        [("a_total", 9.0, Some(5.0)), ("b_total", 2.0, None)]
    );
}
