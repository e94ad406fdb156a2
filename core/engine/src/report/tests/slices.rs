//! Slices against the whole, and against counting by hand.

use aiperf_plugin_sdk::report::{ClientMetric, SliceReport};
use proptest::prelude::*;

use super::*;
use crate::http::MonoNs;
use crate::load::{Outcome, RequestRecord};

const MS: i64 = 1_000_000;

/// A request as a test sees it: all in milliseconds from the window's begin.
#[derive(Debug, Clone)]
struct Sketch {
    start: i64,
    ttft: i64,
    gaps: Vec<i64>,
    fails: bool,
}

impl Sketch {
    fn arrivals(&self) -> Vec<i64> {
        let mut at = self.start + self.ttft;
        let mut arrivals = vec![at];
        for gap in &self.gaps {
            at += gap;
            arrivals.push(at);
        }
        arrivals
    }

    fn end(&self) -> i64 {
        self.arrivals().last().copied().unwrap_or_default()
    }

    fn record(&self, id: u64) -> RequestRecord {
        let moment = |ms: i64| MonoNs(at(10.0).mono_ns + ms * MS);
        let mut record = RequestRecord::new(0);
        record.begin(id, 0, moment(self.start));
        record.start = Some(moment(self.start));
        for arrival in self.arrivals() {
            record.token(moment(arrival), 5);
        }
        record.end = moment(self.end());
        record.outcome = if self.fails {
            Outcome::Cancelled
        } else {
            Outcome::Ok
        };
        record
    }
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let gaps = prop::collection::vec(1_i64..400, 0..6);
    (0_i64..1500, 1_i64..500, gaps, prop::bool::weighted(0.1)).prop_map(
        |(start, ttft, gaps, fails)| Sketch {
            start,
            ttft,
            gaps,
            fails,
        },
    )
}

fn values(slice: &SliceReport, name: &str) -> (u64, Option<f64>) {
    let metric = slice.llm_metrics.get(name);
    (
        metric.map_or(0, |metric| metric.n),
        metric.and_then(|metric: &ClientMetric| metric.stats.avg),
    )
}

proptest! {
    #[test]
    fn clients_are_cut_where_their_values_became_known(
        sketches in prop::collection::vec(sketch(), 1..20),
        length in 50_i64..5_000,
    ) {
        let mut bench = Bench::new();
        let mut records = RequestLog::default();
        for (sketch, id) in sketches.iter().zip(1..) {
            records.push(&sketch.record(id));
        }
        bench.records = Some(records);
        bench.slice_duration = Some(Duration::from_millis(length.cast_unsigned()));
        let report = bench.report();
        let index = |ms: i64| usize::try_from((ms / length).min((4000 - 1) / length)).unwrap();
        let done: Vec<&Sketch> = sketches.iter().filter(|sketch| !sketch.fails).collect();
        let at_end = |at: usize| done.iter().filter(move |sketch| index(sketch.end()) == at).count() as u64;
        for (at, slice) in report.slices.iter().enumerate() {
            prop_assert_eq!(values(slice, "request_latency").0, at_end(at));
            prop_assert_eq!(slice.requests.as_ref().map(|totals| totals.done), Some(at_end(at)));
            let firsts = done.iter().filter(|sketch| index(sketch.start + sketch.ttft) == at);
            prop_assert_eq!(values(slice, "time_to_first_token").0, firsts.count() as u64);
            let tokens = done.iter().flat_map(|sketch| sketch.arrivals());
            let tokens = tokens.filter(|arrival| index(*arrival) == at).count() as f64;
            let rate = values(slice, "output_token_throughput").1.unwrap();
            prop_assert!((rate * slice.duration_seconds - tokens).abs() < 1e-6);
            let inside = |sketch: &&Sketch| {
                let begin = i64::try_from(at).unwrap() * length;
                let last = at + 1 == report.slices.len();
                let end = if last { i64::MAX } else { begin + length };
                (sketch.end().min(end) - sketch.start.max(begin)).max(0)
            };
            let busy: i64 = done.iter().map(inside).sum();
            let concurrency = values(slice, "effective_concurrency").1.unwrap();
            prop_assert!((concurrency * slice.duration_seconds - busy as f64 / 1e3).abs() < 1e-6);
        }
        let sent: u64 = report.slices.iter().flat_map(|slice| &slice.requests).map(|t| t.sent).sum();
        prop_assert_eq!(Some(sent), report.requests.as_ref().map(|totals| totals.sent));
    }

    #[test]
    fn increases_of_all_slices_add_up(
        ticks in prop::collection::btree_map(10_001_i64..13_999, 0_u32..50, 0..30),
        length in 100_u64..5_000,
    ) {
        let mut bench = Bench::new();
        bench.slice_duration = Some(Duration::from_millis(length));
        let mut value = 3.0;
        let mut readings = vec![(9.9, Barrier::Start, value)];
        for (ms, step) in &ticks {
            value += f64::from(*step);
            readings.push((*ms as f64 / 1e3, Barrier::Tick, value));
        }
        readings.push((14.1, Barrier::End, value + 1.0));
        bench.counter(&readings);
        let report = bench.report();
        let counter = metric(&report.servers[0], "c");
        prop_assert_eq!(counter.slices.len(), report.slices.len());
        let sum: f64 = counter.slices.iter().filter_map(|slice| slice.total).sum();
        prop_assert_eq!(Some(sum), counter.total);
        for slice in counter.slices.iter().filter(|slice| slice.total.is_some()) {
            prop_assert!(slice.rate.unwrap() >= 0.0);
        }
    }
}

#[test]
fn histograms_are_cut_at_the_pages_nearest_to_the_slices_ends() {
    let mut bench = Bench::new();
    bench.slice_duration = Some(Duration::from_secs(2));
    let pages = [
        (9.9, Barrier::Start, 10.0),
        (11.0, Barrier::Tick, 12.0),
        (11.9, Barrier::Tick, 15.0),
        (12.2, Barrier::Tick, 16.0),
        (14.1, Barrier::End, 20.0),
    ];
    for (seconds, barrier, count) in pages {
        bench.page(seconds, barrier, |b| {
            let kind = MetricKind::Histogram;
            push(b, "h", kind, "h_bucket", "le=1", count);
            push(b, "h", kind, "h_bucket", "le=+Inf", count);
            push(b, "h", kind, "h_sum", "", count / 2.0);
            push(b, "h", kind, "h_count", "", count);
        });
    }
    let report = bench.report();
    let histogram = metric(&report.servers[0], "h");
    let slices: Vec<_> = histogram
        .slices
        .iter()
        .map(|slice| (slice.count, slice.sum, slice.n, slice.stats.avg))
        .collect();
    let half = Some(0.5);
    assert_eq!(
        slices,
        [
            (Some(5.0), Some(2.5), 5, half),
            (Some(5.0), Some(2.5), 5, half)
        ]
    );
    // From the first send to the page at 11.9, from there to the last response.
    let rates: Vec<_> = histogram
        .slices
        .iter()
        .map(|slice| slice.rate.unwrap())
        .collect();
    assert!((rates[0] - 5.0 / 1.9).abs() < 1e-9 && (rates[1] - 5.0 / 2.1).abs() < 1e-9);
}

#[test]
fn a_gauge_is_read_inside_its_slice_only() {
    let mut bench = Bench::new();
    bench.slice_duration = Some(Duration::from_millis(1500));
    for (seconds, value) in [(10.5, 1.0), (11.0, 3.0), (12.9, 8.0)] {
        bench.page(seconds, Barrier::Tick, |b| b.gauge("g", &[], value));
    }
    let report = bench.report();
    let gauge = metric(&report.servers[0], "g");
    let slices: Vec<_> = gauge
        .slices
        .iter()
        .map(|slice| (slice.n, slice.stats.max))
        .collect();
    assert_eq!(slices, [(2, Some(3.0)), (1, Some(8.0)), (0, None)]);
    let partial: Vec<bool> = report.slices.iter().map(|slice| slice.partial).collect();
    assert_eq!(partial, [false, false, true]);
    assert_eq!(
        report.slices[2].end_ns - report.slices[2].start_ns,
        1_000_000_000
    );
}

#[test]
fn aggregates_are_combined_in_each_slice() {
    let mut bench = Bench::new();
    bench.slice_duration = Some(Duration::from_secs(2));
    let first = bench.endpoint;
    let second = bench.store.add_endpoint(EndpointInfo {
        url: "http://h:2/metrics".to_owned(),
        ..EndpointInfo::default()
    });
    for (endpoint, rate) in [(first, 1.0), (second, 10.0)] {
        bench.endpoint = endpoint;
        for (seconds, barrier, count) in [
            (9.9, Barrier::Start, 0.0),
            (11.0, Barrier::Tick, 3.0),
            (12.1, Barrier::Tick, 5.0),
            (13.0, Barrier::Tick, 6.0),
            (14.1, Barrier::End, 9.0),
        ] {
            bench.page(seconds, barrier, |b| {
                b.counter("c_total", &[], rate * count);
                let kind = MetricKind::Histogram;
                push(b, "h", kind, "h_bucket", "le=1", rate * count);
                push(b, "h", kind, "h_bucket", "le=+Inf", rate * count);
                push(b, "h", kind, "h_sum", "", rate * count / 2.0);
                push(b, "h", kind, "h_count", "", rate * count);
            });
        }
    }
    let report = bench.report();
    let slices = |key: &str| {
        let mut all = report.aggregates.iter();
        let found = all.find(|aggregate| aggregate.key == key).unwrap();
        &found.metric.slices
    };
    let totals: Vec<_> = slices("c").iter().map(|slice| slice.total).collect();
    assert_eq!(totals, [Some(55.0), Some(44.0)]);
    let counts: Vec<_> = slices("h")
        .iter()
        .map(|s| (s.count, s.sum, s.stats.avg))
        .collect();
    let half = Some(0.5);
    assert_eq!(
        counts,
        [
            (Some(55.0), Some(27.5), half),
            (Some(44.0), Some(22.0), half)
        ]
    );
    assert!(
        slices("h")
            .iter()
            .all(|slice| slice.bounds.contains_key("p50"))
    );
}

#[test]
fn a_long_window_with_little_in_it_has_few_slices() {
    let mut bench = Bench::new();
    bench.phase.last_response = at(10.0 + 400_000.0);
    bench.slice_duration = Some(Duration::from_secs(1));
    let report = bench.report();
    assert_eq!(report.slices.len(), 1_000);
    let mut warnings = report.warnings.iter();
    let warning = warnings.find(|warning| warning.code == "slices_lengthened");
    let message = &warning.unwrap().message;
    assert!(message.contains("400s long, not 1s"), "{message}");
}
