//! A report of folded pages against one of all pages.

use aiperf_plugin_sdk::report::{Estimator, Stats};
use proptest::prelude::*;

use super::*;

/// Bytes that make a run of some hundred pages fold.
const LIMIT: usize = 40_000;

/// What a server says, a pure function of page and seed.
fn fill(b: &mut Batch, page: u32, seed: u32) {
    let noise = |salt: u32| f64::from((page ^ seed).wrapping_mul(0x9e37_79b1 ^ salt) >> 8) / 16e6;
    b.gauge("busy", &[], 100.0 + 100.0 * noise(1));
    b.gauge("running", &[], (noise(2) * 5.0).floor());
    b.gauge("still", &[], 7.0);
    // It is not on every page, and not always a number.
    if noise(3) < 0.9 {
        let bad = noise(4) < 0.02;
        b.gauge("gone", &[], if bad { f64::NAN } else { -noise(5) });
    }
    // It starts again after 200 pages.
    b.counter("ok_total", &[("m", "a")], f64::from(page % 200) * 3.0 + 1.0);
    b.counter("ok_total", &[("m", "b")], f64::from(page) * 1.5);
    let h = MetricKind::Histogram;
    for (name, label, every) in [
        ("h", "", 1),
        ("pair", "of=a,", 2),
        ("pair", "of=b,", 3),
        ("n_tokens", "", 1),
    ] {
        // It starts again after 150 pages.
        histogram(b, name, label, page % 150 / every, seed);
    }
    let n = f64::from(page);
    push(b, "never", h, "never_bucket", "le=+Inf", 0.0);
    push(b, "never", h, "never_sum", "", 0.0);
    push(b, "half", h, "half_bucket", "le=1", n);
    push(b, "half", h, "half_bucket", "le=+Inf", 2.0 * n);
    push(
        b,
        "s",
        MetricKind::Summary,
        "s",
        "quantile=0.5",
        1.0 + noise(6),
    );
}

/// A histogram of `n` observations from 0 to 4.
fn histogram(b: &mut Batch, name: &str, label: &str, n: u32, seed: u32) {
    let h = MetricKind::Histogram;
    let (mut buckets, mut sum) = ([0.0; 4], 0.0);
    for at in 0..n {
        let value = f64::from((at ^ seed).wrapping_mul(0x85eb_ca6b) >> 12) / 262_144.0;
        for (count, edge) in buckets.iter_mut().zip([0.5, 1.0, 2.0, f64::INFINITY]) {
            *count += f64::from(u8::from(value <= edge));
        }
        sum += value;
    }
    for (count, edge) in buckets.iter().zip(["0.5", "1", "2", "+Inf"]) {
        push(
            b,
            name,
            h,
            &format!("{name}_bucket"),
            &format!("{label}le={edge}"),
            *count,
        );
    }
    push(b, name, h, &format!("{name}_sum"), label, sum);
    push(b, name, h, &format!("{name}_count"), label, buckets[3]);
}

/// A run of `pages` ticks between a start and an end page, at uneven times.
fn run(pages: u32, seed: u32, has_load: bool, memory_limit: usize) -> Bench {
    let mut bench = Bench::with(StoreOptions {
        memory_limit,
        ..StoreOptions::default()
    });
    bench.records = has_load.then(RequestLog::default);
    let time = |page: u32| 9.5 + f64::from(page) + f64::from(page * 7 % 5) / 10.0;
    bench.page(9.0, Barrier::Start, |b| fill(b, 0, seed));
    for page in 1..=pages {
        bench.page(time(page), Barrier::Tick, |b| fill(b, page, seed));
    }
    bench.page(time(pages + 2), Barrier::End, |b| fill(b, pages + 1, seed));
    bench.phase.last_response = at(time(pages + 1));
    bench
}

fn close(a: Option<f64>, b: Option<f64>, relative: f64, absolute: f64) -> bool {
    a.zip(b).map_or(a == b, |(a, b)| {
        (a - b).abs() <= relative * b.abs() + absolute
    })
}

/// Moments equal, percentiles within the stated error and the distance of two neighbours.
fn check_stats(key: &str, found: &Stats, exact: &Stats, neighbours: f64) {
    for (name, (found, exact)) in Stats::NAMES
        .iter()
        .zip(found.seven().into_iter().zip(exact.seven()))
    {
        let is_percentile = name.starts_with('p');
        let near = if is_percentile {
            close(found, exact, 0.005, neighbours)
        } else {
            close(found, exact, 1e-9, 1e-9)
        };
        assert!(near, "{key} {name}: {found:?} instead of {exact:?}");
    }
}

/// The estimator has seen the same intervals in the same order.
fn check_histogram(found: &MetricReport, exact: &MetricReport) {
    assert_eq!(found.stats, exact.stats, "{}", found.key);
    assert_eq!(found.bounds, exact.bounds, "{}", found.key);
    assert_eq!(
        (found.bound_scope, &found.note, &found.buckets),
        (exact.bound_scope, &exact.note, &exact.buckets),
        "{}",
        found.key
    );
}

/// The last interval before a folded page may be joined with another one than in the whole run.
fn check_rates(key: &str, found: &Stats, exact: &Stats) {
    for (found, exact) in found.seven().into_iter().zip(exact.seven()) {
        assert!(
            close(found, exact, 0.02, 0.0),
            "{key}: {found:?} instead of {exact:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn folding_keeps_totals_and_moments_and_percentiles_within_the_stated_error(
        pages in 250_u32..450,
        seed in any::<u32>(),
        has_load in any::<bool>(),
    ) {
        let exact = run(pages, seed, has_load, usize::MAX);
        let small = run(pages, seed, has_load, LIMIT);
        let folded = small.store.endpoint(small.endpoint).folded().expect("memory was short");
        prop_assert!(folded.pages > 100 && folded.to < pages - 60, "{folded:?}");
        let (exact, found) = (exact.server(), small.server());
        let keys = |server: &ServerReport| -> Vec<String> {
            server.metrics.iter().map(|metric| metric.key.clone()).collect()
        };
        prop_assert_eq!(keys(&exact), keys(&found));
        for (found, exact) in found.metrics.iter().zip(&exact.metrics) {
            let key = found.key.as_str();
            prop_assert_eq!((found.total, found.resets), (exact.total, exact.resets), "{}", key);
            prop_assert_eq!(found.non_finite, exact.non_finite, "{}", key);
            prop_assert_eq!((found.count, found.sum), (exact.count, exact.sum), "{}", key);
            prop_assert!(close(found.rate, exact.rate, 1e-12, 0.0));
            prop_assert_eq!(found.n, exact.n, "{}", key);
            if found.kind == MetricKind::Histogram {
                check_histogram(found, exact);
                continue;
            }
            let (error, expect) = (found.sampling_error, exact.sampling_error);
            prop_assert!(close(error, expect, 1e-9, 1e-12), "{key}: {error:?}, not {expect:?}");
            if let Some((found, exact)) = found.rates.as_ref().zip(exact.rates.as_ref()) {
                check_rates(key, found, exact);
            }
            prop_assert_eq!(found.estimator, Estimator::Sketch, "{}", key);
            let neighbours = match key {
                "busy" => 2.0,
                "gone" | "s_quantile_0_5" => 0.05,
                key if key.starts_with("ok") => 5.0,
                _ => 0.0,
            };
            check_stats(key, &found.stats, &exact.stats, neighbours);
        }
    }
}

#[test]
fn the_report_says_what_was_folded() {
    let mut bench = run(400, 1, true, LIMIT);
    bench.slice_duration = Some(Duration::from_secs(20));
    let report = bench.report();
    assert!(codes(&report).contains(&"memory_limit"));
    let slices = &metric(&report.servers[0], "busy").slices;
    let notes: Vec<(bool, bool)> = slices
        .iter()
        .map(|slice| (slice.note == "folded", slice.n == 0))
        .collect();
    assert_eq!(notes.first(), Some(&(true, true)));
    // The last one is cut short, maybe before its first reading.
    assert_eq!(notes[notes.len() - 2], (false, false));
    assert!(notes.iter().all(|(folded, empty)| *empty || !*folded));
}

/// A counter is alone at first: then it is the sum.
#[test]
fn a_sum_goes_on_from_the_only_counter_there_was() {
    let [folded, exact] = [3 * LIMIT, usize::MAX].map(|memory_limit| {
        let mut bench = Bench::with(StoreOptions {
            memory_limit,
            ..StoreOptions::default()
        });
        for page in 0..600_u32 {
            let barrier = match page {
                0 => Barrier::Start,
                599 => Barrier::End,
                _ => Barrier::Tick,
            };
            bench.page(9.5 + f64::from(page), barrier, |b| {
                fill(b, page, 5);
                b.counter("c_total", &[("m", "a")], f64::from(page) * 2.5);
                if page > 400 {
                    b.counter("c_total", &[("m", "b")], f64::from(page) - 400.0);
                }
            });
        }
        bench.phase.last_response = at(608.0);
        bench
    });
    let to = folded
        .store
        .endpoint(folded.endpoint)
        .folded()
        .expect("memory was short")
        .to;
    assert!(to > 450, "{to}");
    let counts = folded.store.endpoint(folded.endpoint).counts();
    assert_eq!(counts.over_memory, 0, "no series was dropped");
    let [folded, exact] = [folded, exact].map(|bench| metric(&bench.server(), "c").clone());
    assert!(exact.sum_over_series && folded.sum_over_series);
    assert_eq!((folded.total, folded.n), (exact.total, exact.n));
    check_stats("c", &folded.stats, &exact.stats, 3.5);
    check_rates("c", &folded.rates.unwrap(), &exact.rates.unwrap());
}

#[test]
fn what_is_folded_belongs_to_one_phase() {
    let mut bench = run(400, 1, true, LIMIT);
    let mut after = run(400, 1, true, usize::MAX);
    let phases: Vec<PhaseWindow> = [&mut bench, &mut after]
        .map(|bench| {
            bench.phase = PhaseWindow {
                index: 1,
                first_send: at(1000.0),
                last_response: at(1400.0),
                ..bench.phase.clone()
            };
            bench.page(999.0, Barrier::Start, |b| fill(b, 402, 1));
            for page in 0..390_u32 {
                bench.page(1000.5 + f64::from(page), Barrier::Tick, |b| {
                    fill(b, page + 403, 1);
                });
            }
            bench.page(1401.0, Barrier::End, |b| fill(b, 800, 1));
            bench.phase.clone()
        })
        .into();
    let folded = bench.store.endpoint(bench.endpoint).folded();
    assert_eq!(folded.map(|folded| folded.phase), Some(1));
    let [found, exact] =
        [&bench, &after].map(|bench| bench.report_of(&phases[..1]).servers.remove(0));
    for key in ["busy", "h", "ok_m_b"] {
        let (found, exact) = (metric(&found, key), metric(&exact, key));
        assert_eq!(
            (found.n, found.total, found.count),
            (exact.n, exact.total, exact.count)
        );
        if key == "busy" {
            check_stats(key, &found.stats, &exact.stats, 2.0);
        }
    }
}
