//! Which pages count, and what is said of endpoints and times.

use aiperf_plugin_sdk::report::ScrapeFailure;

use super::histogram::histogram;
use super::*;
use crate::store::Pattern;

#[test]
fn collecting_without_load_goes_from_first_to_last_page() {
    let mut bench = Bench::new();
    bench.records = None;
    let pages = [
        (10.5, Barrier::Start, 4.0),
        (11.5, Barrier::Tick, 6.0),
        (12.5, Barrier::End, 8.0),
    ];
    for (seconds, barrier, value) in pages {
        bench.page(seconds, barrier, |b| {
            b.gauge("g", &[], value);
            b.counter("c_total", &[], value);
        });
    }
    let report = bench.report();
    let gauge = metric(&report.servers[0], "g");
    assert_eq!((gauge.n, gauge.stats.avg), (3, Some(6.0)));
    let counter = metric(&report.servers[0], "c");
    assert_eq!(
        (counter.n, counter.total, counter.rate),
        (3, Some(4.0), Some(2.0))
    );
    assert!(report.llm_metrics.is_empty() && report.requests.is_none());
    assert!(report.warnings.is_empty());
}

#[test]
fn a_single_reading_has_values_but_no_totals() {
    let mut bench = Bench::new();
    bench.records = None;
    bench.page(10.5, Barrier::Start, |b| {
        b.gauge("g", &[], 4.0);
        b.counter("c_total", &[], 5.0);
        histogram(b, 1.0, 0.0);
    });
    let report = bench.report();
    let gauge = metric(&report.servers[0], "g");
    assert_eq!(
        (gauge.n, gauge.stats.p99, gauge.stats.std),
        (1, Some(4.0), Some(0.0))
    );
    let counter = metric(&report.servers[0], "c");
    assert_eq!(
        (counter.n, counter.stats.avg, counter.total),
        (1, Some(5.0), None)
    );
    assert_eq!(metric(&report.servers[0], "h_seconds").count, None);
    assert!(report.warnings.is_empty());
}

#[test]
fn phases_that_meet_under_load_share_a_page_and_leave_nothing_out() {
    let mut bench = Bench::new();
    let mut warmup = PhaseWindow {
        kind: PhaseKind::Warmup,
        ..bench.phase.clone()
    };
    let pages = |bench: &mut Bench, pages: &[(f64, Barrier, f64)]| {
        for (seconds, barrier, value) in pages {
            bench.page(*seconds, *barrier, |b| {
                b.counter("c_total", &[], *value);
                b.gauge("g", &[], *value);
                histogram(b, *value, 0.0);
            });
        }
    };
    pages(
        &mut bench,
        &[(9.0, Barrier::Start, 1.0), (10.5, Barrier::Tick, 3.0)],
    );
    bench.phase.index = 1;
    pages(
        &mut bench,
        &[
            (12.0, Barrier::Start, 6.0),
            (13.0, Barrier::Tick, 8.0),
            (14.1, Barrier::End, 9.0),
        ],
    );
    let mut profiling = bench.phase.clone();
    warmup.hand_over(&mut profiling, at(12.0), 7);
    let report = bench.report_of(&[warmup.clone(), profiling.clone()]);
    let server = &report.servers[0];
    assert_eq!(metric(server, "c").total, Some(3.0));
    assert_eq!(metric(server, "c").rate, Some(1.5));
    assert_eq!(metric(server, "g").n, 2);
    let [first, second] = &report.phases[..] else {
        panic!("two phases")
    };
    let seamless = Boundary::Seamless;
    assert_eq!(
        (first.boundary, first.boundary_at_end),
        (Boundary::Drained, seamless)
    );
    assert_eq!(
        (second.boundary, second.boundary_at_end),
        (seamless, Boundary::Drained)
    );
    assert_eq!((first.in_flight_at_end, second.in_flight_at_start), (7, 7));
    assert_eq!((first.in_flight_at_start, second.in_flight_at_end), (0, 0));
    assert_eq!(codes(&report), ["not_drained"]);

    warmup.kind = PhaseKind::Profiling;
    profiling.kind = PhaseKind::Warmup;
    let before = bench.report_of(&[warmup, profiling]);
    let before = &before.servers[0];
    assert_eq!(metric(before, "c").total, Some(5.0));
    assert_eq!(
        (metric(before, "g").n, metric(before, "g").stats.avg),
        (1, Some(3.0))
    );
    let counts = [before, server].map(|server| metric(server, "h_seconds").count);
    assert_eq!(counts, [Some(15.0), Some(9.0)], "together all 24");
}

#[test]
fn a_phase_that_took_over_without_a_page_has_no_totals() {
    let mut bench = Bench::new();
    let mut warmup = PhaseWindow {
        kind: PhaseKind::Warmup,
        ..bench.phase.clone()
    };
    bench.counter(&[(9.0, Barrier::Start, 1.0)]);
    bench.phase.index = 1;
    bench.counter(&[(13.0, Barrier::Tick, 8.0), (14.1, Barrier::End, 9.0)]);
    warmup.hand_over(&mut bench.phase, at(12.0), 1);
    let report = bench.report_of(&[warmup, bench.phase.clone()]);
    assert_eq!(metric(&report.servers[0], "c").total, None);
    assert_eq!(codes(&report), ["barrier_missed", "not_drained"]);
}

#[test]
fn endpoints_say_how_they_were_reached() {
    let mut bench = Bench::new();
    bench.page(12.0, Barrier::Tick, |b| b.gauge("g", &[], 1.0));
    let silent = bench.store.add_endpoint(EndpointInfo::default());
    let automatic = EndpointInfo {
        automatic: true,
        ..EndpointInfo::default()
    };
    let absent = bench.store.add_endpoint(automatic);
    let message = "connection refused".to_owned();
    let failure = ScrapeFailure {
        message,
        ..ScrapeFailure::default()
    };
    for endpoint in [silent, absent] {
        bench
            .store
            .failure(endpoint, &ScrapeInfo::default(), &failure);
    }
    let report = bench.report();
    let reachable: Vec<_> = report
        .endpoints
        .iter()
        .map(|endpoint| endpoint.reachable)
        .collect();
    assert_eq!(reachable, [true, false, false]);
    assert_eq!(report.endpoints[0].latency_avg_ms, Some(2.0));
    assert_eq!(report.endpoints[1].first_error.as_ref(), Some(&failure));
    assert_eq!(codes(&report), ["barrier_missed", "endpoint_unreachable"]);
    assert_eq!(report.servers.len(), 1);
}

/// What a typing error in a pattern leaves.
#[test]
fn patterns_that_match_nothing_are_told_once() {
    let options = StoreOptions {
        families: crate::store::Families {
            include: vec![Pattern::new("vlm:*")],
            ..crate::store::Families::default()
        },
        ..StoreOptions::default()
    };
    let read = |automatic: bool| {
        let mut bench = Bench::with(options.clone());
        let info = EndpointInfo {
            automatic,
            ..EndpointInfo::default()
        };
        bench.endpoint = bench.store.add_endpoint(info);
        for (seconds, barrier) in [
            (9.0, Barrier::Start),
            (12.0, Barrier::Tick),
            (14.1, Barrier::End),
        ] {
            bench.page(seconds, barrier, |b| b.gauge("vllm:running", &[], 1.0));
        }
        let report = bench.report();
        let is_it = |warning: &&Warning| warning.code == "no_metrics";
        report.warnings.iter().filter(is_it).count()
    };
    assert_eq!((read(false), read(true)), (1, 1));
}

#[test]
fn a_run_without_requests_or_pages_is_no_problem() {
    let bench = Bench::new();
    let report = bench.report();
    assert!(!report.llm_metrics.contains_key("time_to_first_token"));
    assert_eq!(
        report.llm_metrics["request_throughput"].stats.avg,
        Some(0.0)
    );
    let empty = bench.report_of(&[]);
    assert_eq!(
        (
            empty.servers.len(),
            empty.metadata.duration_seconds.to_bits()
        ),
        (0, 0)
    );
}

#[test]
fn times_are_written_with_milliseconds() {
    let report = Bench::new().report();
    assert_eq!(
        report.metadata.benchmark_start_time,
        "2025-01-07T09:05:41.234Z"
    );
    assert_eq!(
        report.metadata.benchmark_end_time,
        "2025-01-07T09:05:45.234Z"
    );
    assert_eq!(report.metadata.clock, "kernel");
    assert_eq!(report.metadata.http_version, "2");
}

#[test]
fn what_is_known_of_readings_is_measured_like_a_gauge() {
    let mut bench = Bench::new();
    bench.page(9.0, Barrier::Start, |b| b.gauge("a", &[], 1.0));
    bench.page(11.0, Barrier::Tick, |b| {
        b.gauge("a", &[], 1.0);
        b.gauge("b", &[], 1.0);
    });
    let failure = ScrapeFailure {
        class: "timeout".to_owned(),
        ..ScrapeFailure::default()
    };
    let info = bench.info(13.0, Barrier::Tick);
    bench.store.failure(bench.endpoint, &info, &failure);
    bench.page(14.1, Barrier::End, |b| b.gauge("a", &[], 1.0));
    let report = bench.report();
    let metrics = &report.endpoints[0].scrape_metrics;
    let of = |key: &str| metrics.iter().find(|metric| metric.key == key);
    let up = of("up").expect("up");
    // Two readings, each nearest to half of the window.
    assert_eq!(
        (up.n, up.stats.avg, up.stats.min),
        (2, Some(0.5), Some(0.0))
    );
    let samples = of("scrape_samples_scraped").expect("samples");
    assert_eq!(
        (samples.stats.max, samples.stats.min),
        (Some(2.0), Some(0.0))
    );
    assert_eq!(
        of("scrape_duration_seconds").map(|one| one.unit.as_str()),
        Some("sec")
    );
    // Nobody said how long the page was.
    assert!(of("scrape_body_size_bytes").is_none(), "{metrics:#?}");
    // A page's own families are left alone.
    assert!(
        report.servers[0]
            .metrics
            .iter()
            .all(|metric| metric.key != "up")
    );
}

#[test]
fn nothing_is_known_of_readings_if_it_is_not_wanted() {
    let mut bench = Bench::with(StoreOptions {
        scrape_metrics: false,
        ..StoreOptions::default()
    });
    bench.page(11.0, Barrier::Tick, |b| b.gauge("a", &[], 1.0));
    assert!(bench.report().endpoints[0].scrape_metrics.is_empty());
}
