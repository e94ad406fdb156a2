//! A run's cost does not grow with the size of its pages by more than their bytes.

use aiperf_exporter_jsonl as _;
use aiperf_plugin_sdk::hosting::builtin_factories;
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::testing::FakeHost;
use aiperf_plugin_sdk::view::{
    FamilyEntry, KeyEntry, RequestBlock, RequestRow, SchemaDelta, ScrapeMeta, ScrapeRecord,
    SeriesEntry, ServerEntry,
};

/// A page of `n` gauges, with what explains it.
fn page(n: u32) -> ScrapeRecord {
    let name = |id: u32| format!("gauge_{id}");
    let family = |id| FamilyEntry {
        name: name(id),
        ..FamilyEntry::default()
    };
    let series = |id| SeriesEntry {
        name: name(id),
        family: name(id),
        ..SeriesEntry::default()
    };
    let key = |id| KeyEntry {
        key: name(id),
        ..KeyEntry::default()
    };
    ScrapeRecord {
        meta: ScrapeMeta {
            phase: Some("profiling".to_owned()),
            page: Some(0),
            ..ScrapeMeta::default()
        },
        schema: SchemaDelta {
            servers: vec![ServerEntry::default()],
            families: (0..n).map(family).collect(),
            series: (0..n).map(series).collect(),
            keys: (0..n).map(key).collect(),
        },
        series: (0..n).collect(),
        values: (0..n).map(f64::from).collect(),
        keys: (0..n).collect(),
        key_values: (0..n).map(f64::from).collect(),
    }
}

/// Allocations of one more page of `n` known series.
fn allocations_of_a_page(n: u32) -> u64 {
    let host = FakeHost::new();
    let mut exporter = open(&host);
    let first = page(n);
    let later = ScrapeRecord {
        schema: SchemaDelta::default(),
        ..first.clone()
    };
    for record in [&first, &later, &later] {
        exporter.scrape(record).expect("a line");
    }
    let counted = allocation_counter::measure(|| exporter.scrape(&later).expect("a line"));
    counted.count_total
}

fn open(host: &FakeHost) -> aiperf_plugin_sdk::hosting::ExporterHandle {
    let factory = builtin_factories().remove(0);
    let options = serde_json::json!({});
    let mut exporter = factory
        .open_exporter(
            &options,
            &aiperf_plugin_sdk::Context::new("jsonl"),
            host.services(),
        )
        .expect("it opens");
    exporter.begin(&RunInfo::default()).expect("it begins");
    exporter
}

#[test]
fn a_page_of_known_series_allocates_nothing_per_sample() {
    let (small, large) = (allocations_of_a_page(10), allocations_of_a_page(10_000));
    // One more is the file in memory, which grows.
    assert!(
        large <= small + 1,
        "{small} for 10 series, {large} for 10,000"
    );
}

#[test]
fn requests_allocate_nothing_per_chunk() {
    let allocations = |chunks: usize| {
        let host = FakeHost::new();
        let mut exporter = open(&host);
        let gaps = vec![5_000_123; chunks];
        let mut block = RequestBlock::default();
        block.push(&RequestRow {
            gaps_ns: &gaps,
            ..RequestRow::default()
        });
        exporter.requests(&block).expect("a line");
        exporter.requests(&block).expect("a line");
        allocation_counter::measure(|| exporter.requests(&block).expect("a line")).count_total
    };
    let (few, many) = (allocations(2), allocations(5_000));
    assert!(many <= few + 1, "{few} for 2 chunks, {many} for 5,000");
}
