//! Gauges and counters.

use super::*;

#[test]
fn gauges_are_read_between_first_send_and_last_response() {
    let mut bench = Bench::new();
    for (seconds, barrier, value) in [
        (9.9, Barrier::Start, 100.0),
        (9.95, Barrier::Tick, 100.0),
        (11.0, Barrier::Tick, 1.0),
        (13.0, Barrier::Tick, 3.0),
        (14.1, Barrier::Tick, 100.0),
        (14.2, Barrier::End, 100.0),
    ] {
        bench.page(seconds, barrier, |b| b.gauge("g", &[], value));
    }
    let server = bench.server();
    let gauge = metric(&server, "g");
    assert_eq!((gauge.n, gauge.stats.avg), (2, Some(2.0)));
    assert_eq!((gauge.stats.min, gauge.stats.max), (Some(1.0), Some(3.0)));
    assert_eq!((gauge.stats.p50, gauge.stats.std), (Some(2.0), Some(1.0)));
    assert_eq!((gauge.total, gauge.rate), (None, None));
}

#[test]
fn a_gauge_is_weighted_by_the_time_nearest_to_its_readings() {
    let mut bench = Bench::new();
    // Borders at 10, 11 and 14: one second of 6, three seconds of 2.
    for (seconds, value) in [(10.0, 6.0), (12.0, 2.0)] {
        bench.page(seconds, Barrier::Tick, |b| b.gauge("g", &[], value));
    }
    assert_eq!(metric(&bench.server(), "g").stats.avg, Some(3.0));
}

#[test]
fn without_a_tick_inside_gauges_have_no_values() {
    let mut bench = Bench::new();
    bench.page(9.9, Barrier::Start, |b| b.gauge("g", &[], 1.0));
    bench.page(14.2, Barrier::End, |b| b.gauge("g", &[], f64::NAN));
    let report = bench.report();
    let gauge = metric(&report.servers[0], "g");
    assert_eq!((gauge.n, gauge.stats.seven()), (0, [None; 7]));
    assert_eq!(codes(&report), ["no_readings"]);
}

#[test]
fn values_that_are_no_numbers_are_counted_and_left_out() {
    let mut bench = Bench::new();
    for (seconds, value) in [(11.0, 4.0), (12.0, f64::NAN), (13.0, f64::INFINITY)] {
        bench.page(seconds, Barrier::Tick, |b| b.gauge("g", &[], value));
    }
    let report = bench.report();
    let gauge = metric(&report.servers[0], "g");
    assert_eq!(
        (gauge.n, gauge.non_finite, gauge.stats.max),
        (1, 2, Some(4.0))
    );
    assert!(codes(&report).contains(&"non_finite_values"));
}

#[test]
fn counters_are_end_minus_start_over_the_time_of_load() {
    let mut bench = Bench::new();
    bench.counter(&[
        (5.0, Barrier::Start, 90.0),
        (9.0, Barrier::Start, 100.0),
        (12.0, Barrier::Tick, 120.0),
        (14.1, Barrier::End, 139.0),
        (14.3, Barrier::End, 140.0),
    ]);
    let server = bench.server();
    let counter = metric(&server, "c");
    assert_eq!(
        (counter.total, counter.rate, counter.resets),
        (Some(40.0), Some(10.0), Some(0))
    );
    // Seven statistics of the running total: start page, tick, settled page.
    assert_eq!((counter.n, counter.stats.avg), (3, Some(120.0)));
    assert_eq!(
        (counter.stats.min, counter.stats.max),
        (Some(100.0), Some(140.0))
    );
    let rates = counter.rates.unwrap();
    assert_eq!((rates.min, rates.max), (Some(10.0), Some(10.0)));
}

#[test]
fn a_counter_that_the_start_page_lacks_counts_from_zero() {
    let mut bench = Bench::new();
    bench.page(9.0, Barrier::Start, |b| b.gauge("g", &[], 0.0));
    bench.counter(&[(12.0, Barrier::Tick, 5.0), (14.1, Barrier::End, 8.0)]);
    assert_eq!(metric(&bench.server(), "c").total, Some(8.0));
}

#[test]
fn without_a_start_or_end_page_totals_are_unknown() {
    for missing in [Barrier::Start, Barrier::End] {
        let mut bench = Bench::new();
        let all = [
            (9.0, Barrier::Start, 1.0),
            (11.0, Barrier::Tick, 2.0),
            (13.0, Barrier::Tick, 3.0),
            (14.1, Barrier::End, 4.0),
        ];
        let there: Vec<_> = all
            .into_iter()
            .filter(|(_, barrier, _)| *barrier != missing)
            .collect();
        bench.counter(&there);
        let report = bench.report();
        let counter = metric(&report.servers[0], "c");
        assert_eq!((counter.total, counter.rate), (None, None), "{missing:?}");
        assert_eq!(counter.n, 3);
        assert_eq!(codes(&report), ["barrier_missed"]);
    }
}

#[test]
fn a_restart_is_bridged_and_reported() {
    let mut bench = Bench::new();
    bench.counter(&[
        (9.0, Barrier::Start, 100.0),
        (11.0, Barrier::Tick, 110.0),
        (12.0, Barrier::Tick, 3.0),
        (14.1, Barrier::End, 7.0),
    ]);
    let report = bench.report();
    let counter = metric(&report.servers[0], "c");
    assert_eq!((counter.total, counter.resets), (Some(17.0), Some(1)));
    assert_eq!(codes(&report), ["counter_reset"]);
}

#[test]
fn several_series_are_reported_each_and_summed() {
    let mut bench = Bench::new();
    let fill = |a: f64, z: f64| {
        move |b: &mut Batch| {
            b.counter("c_total", &[("m", "a")], a);
            b.counter("c_total", &[("m", "z")], z);
            b.gauge("g", &[("m", "a")], a);
            b.gauge("g", &[("m", "z")], z);
        }
    };
    bench.page(9.0, Barrier::Start, fill(1.0, 10.0));
    bench.page(12.0, Barrier::Tick, fill(2.0, 20.0));
    bench.page(14.1, Barrier::End, fill(3.0, 30.0));
    let server = bench.server();
    let keys: Vec<_> = server
        .metrics
        .iter()
        .map(|metric| metric.key.as_str())
        .collect();
    assert_eq!(keys, ["c", "c_m_a", "c_m_z", "g_m_a", "g_m_z"]);
    let sum = metric(&server, "c");
    assert!(sum.sum_over_series && sum.labels.is_empty());
    assert_eq!((sum.total, sum.stats.max), (Some(22.0), Some(33.0)));
    let one = metric(&server, "c_m_z");
    assert_eq!((one.total, one.labels["m"].as_str()), (Some(20.0), "z"));
}

#[test]
fn what_a_gauge_did_at_the_ends_of_the_window_is_part_of_its_error() {
    let mut bench = Bench::new();
    let readings = [
        (9.9, Barrier::Start, 0.0),
        (10.2, Barrier::Tick, 8.0),
        (12.0, Barrier::Tick, 8.0),
        (13.7, Barrier::Tick, 8.0),
        (14.1, Barrier::End, 0.0),
    ];
    for (seconds, barrier, value) in readings {
        bench.page(seconds, barrier, |b| b.gauge("g", &[], value));
    }
    // 8 for 0.2 s and for 0.3 s of 4 s.
    let error = metric(&bench.server(), "g").sampling_error.unwrap();
    assert!((error - 0.4_f64.hypot(0.6)).abs() < 1e-9, "{error}");
}
