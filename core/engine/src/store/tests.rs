//! The store from outside: pages in, records out.

use aiperf_plugin_sdk::batch::{FamilyRow, NO_TIME, SampleRow, Span};
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
    let row = FamilyRow {
        name: batch.push_extra(family.as_bytes()),
        kind,
        help: Span::NONE,
        unit: Span::NONE,
    };
    let family = batch.push_family(row);
    for (name, value) in labels {
        let name = batch.push_extra(name.as_bytes());
        let value = batch.push_extra(value.as_bytes());
        batch.push_label(name, value);
    }
    let name = batch.push_extra(name.as_bytes());
    let (value_span, time_span) = (Span::NONE, Span::NONE);
    batch.push_sample(SampleRow {
        family,
        name,
        value: v,
        value_span,
        time_ns: NO_TIME,
        time_span,
    });
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
        let clock = PayloadClock {
            sent,
            first_byte_ns: ns + 1,
            complete_ns: ns + 2,
        };
        ScrapeInfo {
            clock,
            phase,
            phase_name: phase.map(|n| format!("phase{n}")),
            barrier,
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
fn single_families_have_plain_keys_only() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        b.counter("requests_total", &[("model", "m")], 5.0);
        b.gauge("running", &[], 2.0);
        b.gauge("http.size", &[], 1.0);
        b.gauge("broken", &[], f64::NAN);
    });
    assert_eq!(
        keys,
        pairs(&[("http_size", 1.0), ("requests", 5.0), ("running", 2.0)])
    );
}

#[test]
fn several_series_are_flattened_and_counters_summed() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        b.counter("ok_total", &[("m", "a/b")], 5.0);
        b.counter("ok_total", &[("m", "a b")], 7.0);
        b.gauge("up", &[("cpu", "0")], 1.0);
        b.gauge("up", &[("cpu", "1")], 2.0);
    });
    let expect = [
        ("ok", 12.0),
        // Label order: a space sorts before a slash.
        ("ok_m_a_b", 7.0),
        ("ok_total_m_a_b", 5.0),
        ("up_cpu_0", 1.0),
        ("up_cpu_1", 2.0),
    ];
    assert_eq!(keys, pairs(&expect));
}

#[test]
fn a_gauge_keeps_its_plain_key_when_a_second_series_comes() {
    let mut bench = Bench::new();
    let first = bench.keys_of(|b| b.gauge("up", &[("cpu", "0")], 1.0));
    assert_eq!(first, pairs(&[("up", 1.0)]));
    let second = bench.keys_of(|b| {
        b.gauge("up", &[("cpu", "1")], 2.0);
        b.gauge("up", &[("cpu", "0")], 3.0);
    });
    assert_eq!(second, pairs(&[("up", 3.0), ("up_cpu_1", 2.0)]));
}

#[test]
fn a_counter_becomes_a_sum_when_a_second_series_comes() {
    let mut bench = Bench::new();
    bench.keys_of(|b| b.counter("ok_total", &[("m", "a")], 1.0));
    let keys = bench.keys_of(|b| {
        b.counter("ok_total", &[("m", "a")], 1.0);
        b.counter("ok_total", &[("m", "b")], 2.0);
    });
    assert_eq!(
        keys,
        pairs(&[("ok", 3.0), ("ok_m_a", 1.0), ("ok_m_b", 2.0)])
    );
}

#[test]
fn a_gauge_takes_the_name_that_a_counter_would_have() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        b.counter("a_total", &[], 1.0);
        b.gauge("a", &[], 2.0);
    });
    assert_eq!(keys, pairs(&[("a", 2.0), ("a_total", 1.0)]));
}

#[test]
fn histograms_and_summaries_have_sum_count_and_quantiles() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        let h = MetricKind::Histogram;
        push(b, "h", h, "h_bucket", &[("le", "1")], 1.0);
        push(b, "h", h, "h_bucket", &[("le", "+Inf")], 2.0);
        push(b, "h", h, "h_sum", &[], 3.5);
        push(b, "h", h, "h_count", &[], 2.0);
        let s = MetricKind::Summary;
        push(b, "s", s, "s", &[("quantile", "0.5")], 0.1);
        push(b, "s", s, "s", &[("quantile", "0.99")], f64::NAN);
        push(b, "s", s, "s_sum", &[], 9.0);
        push(b, "s", s, "s_count", &[], 3.0);
        push(b, "i", MetricKind::Info, "i_info", &[("version", "1")], 1.0);
    });
    let expect = [
        ("h_count", 2.0),
        ("h_sum", 3.5),
        ("s_count", 3.0),
        ("s_quantile_0_5", 0.1),
        ("s_sum", 9.0),
    ];
    assert_eq!(keys, pairs(&expect));
}

#[test]
fn duplicates_rejects_and_limits_are_counted() {
    let options = StoreOptions {
        include: vec![Pattern::new("a*")],
        exclude: vec![Pattern::new("*_x")],
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
fn names_that_are_not_utf8_are_dropped_and_counted() {
    let mut bench = Bench::new();
    let records = bench.tick(|b| {
        b.gauge("a", &[], 1.0);
        let family = b.push_family(FamilyRow {
            name: Span::NONE,
            kind: MetricKind::Gauge,
            help: Span::NONE,
            unit: Span::NONE,
        });
        let name = b.push_extra(b"\xff");
        let (value_span, time_span) = (Span::NONE, Span::NONE);
        let time_ns = NO_TIME;
        b.push_sample(SampleRow {
            family,
            name,
            value: 1.0,
            value_span,
            time_ns,
            time_span,
        });
    });
    assert_eq!(records[0].series, [0]);
    assert_eq!(bench.store.endpoint(bench.endpoint).counts().not_utf8, 1);
}

#[test]
fn a_page_of_named_servers_is_split() {
    let mut bench = Bench::new();
    let fill = |b: &mut Batch| {
        for (server, value) in [("b", 1.0), ("a", 2.0)] {
            let labels = [
                ("server_id", server),
                ("instance", server),
                ("server_type", "ai"),
            ];
            b.gauge("up", &labels, value);
            b.gauge("gpu", &[("server_id", server), ("n", "0")], value);
        }
    };
    let records = bench.tick(fill);
    let servers: Vec<_> = bench
        .schema
        .servers
        .iter()
        .map(|s| s.server_id.as_str())
        .collect();
    assert_eq!(servers, ["b", "a"]);
    assert_eq!(bench.schema.servers[0].metadata.instance, "b");
    assert_eq!(bench.schema.servers[0].metadata.hostname, "unknown");
    assert_eq!(bench.keys(&records[0]), pairs(&[("gpu", 1.0), ("up", 1.0)]));
    assert_eq!(bench.keys(&records[1]), pairs(&[("gpu", 2.0), ("up", 2.0)]));
    assert!(bench.schema.series[0].labels.is_empty());
}

#[test]
fn labels_common_to_a_page_describe_its_one_server() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        b.gauge("up", &[("instance", "i:1"), ("hostname", "x")], 1.0);
        b.gauge("down", &[("instance", "i:1"), ("hostname", "x")], 1.0);
        b.gauge(
            "down",
            &[("instance", "i:1"), ("hostname", "y"), ("server_id", "s")],
            2.0,
        );
    });
    let server = &bench.schema.servers[0];
    assert_eq!(
        (server.server_id.as_str(), server.metadata.instance.as_str()),
        ("server-0", "i:1")
    );
    assert_eq!(server.metadata.hostname, "unknown");
    let expect = [
        ("down_hostname_x", 1.0),
        ("down_hostname_y_server_id_s", 2.0),
        ("up", 1.0),
    ];
    assert_eq!(keys, pairs(&expect));
}

#[test]
fn the_user_names_a_server_and_ids_stay_unique() {
    let labels = [("server_id", "mine"), ("server_type", "router")];
    let labels = labels.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    let mut bench = Bench::with(
        StoreOptions::default(),
        EndpointInfo {
            labels,
            ..Default::default()
        },
    );
    bench.tick(|b| b.gauge("up", &[("server_type", "worker")], 1.0));
    bench.endpoint = bench.store.add_endpoint(EndpointInfo::default());
    bench.tick(|b| b.gauge("up", &[("server_id", "mine")], 1.0));
    let ids: Vec<_> = bench
        .schema
        .servers
        .iter()
        .map(|s| s.server_id.as_str())
        .collect();
    assert_eq!(ids, ["mine", "mine-2"]);
    assert_eq!(bench.schema.servers[0].metadata.server_type, "router");
}

#[test]
fn failures_make_records_for_what_the_user_asked_for() {
    let failure = ScrapeFailure {
        class: "timeout".to_owned(),
        ..Default::default()
    };
    let automatic = EndpointInfo {
        automatic: true,
        ..Default::default()
    };
    let mut bench = Bench::with(StoreOptions::default(), automatic);
    let info = bench.info(None, Barrier::Tick);
    assert!(
        bench
            .store
            .failure(bench.endpoint, &info, &failure)
            .is_empty()
    );
    bench.tick(|b| b.gauge("up", &[], 1.0));
    let records = bench.store.failure(bench.endpoint, &info, &failure);
    assert_eq!(records[0].meta.error.as_ref().unwrap().class, "timeout");
    assert!(records[0].keys.is_empty());

    let explicit = bench.store.add_endpoint(EndpointInfo::default());
    let records = bench.store.failure(explicit, &info, &failure);
    assert_eq!(records[0].schema.servers[0].server_id, "server-1");
    assert_eq!(
        bench.store.endpoint(explicit).servers().count(),
        0,
        "never answered"
    );
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

/// A histogram page with one bucket at 1.
fn histogram(b: &mut Batch, below: f64, all: f64, sum: f64) {
    let h = MetricKind::Histogram;
    push(b, "h", h, "h_bucket", &[("le", "1")], below);
    push(b, "h", h, "h_bucket", &[("le", "+Inf")], all);
    push(b, "h", h, "h_sum", &[], sum);
    push(b, "h", h, "h_count", &[], all);
}

fn increase(bench: &Bench, start: u32, end: u32) -> (Vec<f64>, u64) {
    let server = bench
        .store
        .endpoint(bench.endpoint)
        .servers()
        .next()
        .unwrap();
    let (parts, resets) = server.families()[0].groups()[0].increase(start, end);
    (parts.iter().map(|part| part.total).collect(), resets)
}

#[test]
fn histograms_increase_from_barrier_to_barrier() {
    let mut bench = Bench::new();
    bench.tick(|b| histogram(b, 1.0, 2.0, 10.0));
    bench.page(Barrier::Start, |b| histogram(b, 2.0, 4.0, 20.0));
    bench.tick(|b| histogram(b, 3.0, 6.0, 30.0));
    bench.page(Barrier::End, |b| histogram(b, 4.0, 8.0, 40.0));
    bench.page(Barrier::End, |b| histogram(b, 5.0, 9.0, 41.0));
    assert_eq!(increase(&bench, 1, 4), (vec![3.0, 5.0, 21.0, 5.0], 0));
}

#[test]
fn a_histogram_that_the_start_page_lacks_counts_from_zero() {
    let mut bench = Bench::new();
    bench.page(Barrier::Start, |b| b.gauge("z", &[], 0.0));
    bench.page(Barrier::End, |b| histogram(b, 1.0, 2.0, 3.0));
    assert_eq!(increase(&bench, 0, 1), (vec![1.0, 2.0, 3.0, 2.0], 0));
}

#[test]
fn a_reset_of_one_bucket_is_a_reset_of_the_histogram() {
    let mut bench = Bench::new();
    bench.page(Barrier::Start, |b| histogram(b, 4.0, 4.0, 1.0));
    bench.tick(|b| histogram(b, 5.0, 5.0, 2.0));
    // The sum and +Inf are already past their old values when the first page after a restart comes.
    bench.page(Barrier::End, |b| histogram(b, 1.0, 7.0, 9.0));
    assert_eq!(increase(&bench, 0, 2), (vec![2.0, 8.0, 10.0, 8.0], 1));
}
