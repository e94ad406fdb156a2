//! Combined metrics against the observations and readings that they stand for.

use aiperf_plugin_sdk::report::Stats;
use aiperf_plugin_sdk::report::ValueBounds;
use proptest::prelude::*;

use super::super::histogram::Parts;
use super::*;
use crate::stats::summary;

fn of_kind(kind: MetricKind) -> MetricReport {
    MetricReport {
        kind,
        ..MetricReport::default()
    }
}

/// Combines metrics that are no histograms.
fn combined(metrics: &[MetricReport], how: Combine) -> MetricReport {
    let part = |metric| Part {
        metric,
        counted: None,
    };
    combine(&metrics.iter().map(part).collect::<Vec<_>>(), how)
}

/// A histogram of one server over a second, and what it was made from.
fn histogram(intervals: &[Vec<f64>], edges: &[f64]) -> (MetricReport, Parts) {
    let parts = Parts::observing(intervals, edges);
    let metric = MetricReport {
        kind: MetricKind::Histogram,
        ..parts.report(MetricKind::Histogram, Some(1.0))
    };
    (metric, parts)
}

fn combined_histograms(single: &[(MetricReport, Parts)]) -> MetricReport {
    let part = |(metric, parts)| Part {
        metric,
        counted: Some(parts),
    };
    let parts = single.iter().map(|(metric, parts)| part((metric, parts)));
    combine(&parts.collect::<Vec<_>>(), Combine::Sum)
}

fn gauge(values: &[f64]) -> MetricReport {
    MetricReport {
        stats: summary(&mut values.to_vec()),
        n: values.len() as u64,
        ..of_kind(MetricKind::Gauge)
    }
}

fn holds(bounds: &ValueBounds, value: f64) -> bool {
    let slack = 1e-9 * (1.0 + value.abs());
    bounds.lower.is_none_or(|lower| lower <= value + slack)
        && bounds.upper.is_none_or(|upper| value <= upper + slack)
}

fn close(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| (a - b).abs() <= 1e-9 * (1.0 + b.abs()))
}

const EDGES: [f64; 3] = [1.0, 2.5, 10.0];

proptest! {
    #[test]
    fn histograms_add_up_to_one_of_all_observations(
        servers in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(0.0..20.0_f64, 1..6), 1..12),
            2..5,
        ),
    ) {
        let single: Vec<_> = servers.iter().map(|pages| histogram(pages, &EDGES)).collect();
        let sum = combined_histograms(&single);
        let mut all: Vec<f64> = servers.concat().concat();
        prop_assert_eq!(&sum.buckets, &histogram(&servers.concat(), &EDGES).0.buckets);
        prop_assert_eq!((sum.count, sum.n), (Some(all.len() as f64), all.len() as u64));
        prop_assert!(close(sum.rate, all.len() as f64));
        let truth = summary(&mut all);
        prop_assert!(close(sum.stats.avg, truth.avg.unwrap()));
        for ((name, value), said) in
            Stats::NAMES.into_iter().zip(truth.seven()).zip(sum.stats.seven()).skip(1)
        {
            let bounds = sum.bounds[name];
            prop_assert!(holds(&bounds, value.unwrap()), "{} {:?}", name, bounds);
            prop_assert!(said.is_none_or(|said| holds(&bounds, said)), "{} {:?}", name, said);
            prop_assert_eq!(said.is_none(), ["min", "max"].contains(&name), "{}", name);
        }
    }

    #[test]
    fn gauges_read_at_the_same_moments_keep_to_what_is_said_of_them(
        readings in (2..5_usize, 1..20_usize).prop_flat_map(|(servers, moments)| {
            let values = prop::collection::vec(-50.0..50.0_f64, moments);
            prop::collection::vec(values, servers)
        }),
        how in prop::sample::select(vec![Combine::Sum, Combine::Mean, Combine::Max]),
    ) {
        let single: Vec<_> = readings.iter().map(|values| gauge(values)).collect();
        let whole = combined(&single, how);
        let moment = |at: usize| {
            let values = readings.iter().map(|values| values[at]);
            match how {
                Combine::Sum => values.sum::<f64>(),
                Combine::Mean => values.sum::<f64>() / readings.len() as f64,
                _ => values.fold(f64::NEG_INFINITY, f64::max),
            }
        };
        let mut values: Vec<f64> = (0..readings[0].len()).map(moment).collect();
        let truth = summary(&mut values);
        for ((name, said), true_value) in
            Stats::NAMES.into_iter().zip(whole.stats.seven()).zip(truth.seven())
        {
            let true_value = true_value.unwrap();
            prop_assert!(said.is_none() || close(said, true_value), "{} {:?}", name, said);
            if let Some(bounds) = whole.bounds.get(name) {
                prop_assert!(holds(bounds, true_value), "{} {:?} {}", name, bounds, true_value);
            }
            prop_assert!(said.is_some() || name == "std" || whole.bounds.contains_key(name));
        }
    }

    #[test]
    fn counters_add_up(totals in prop::collection::vec((0.0..1e6_f64, 0..3_u64), 2..6)) {
        let counter = |(total, resets): &(f64, u64)| MetricReport {
            total: Some(*total),
            rate: Some(*total / 4.0),
            resets: Some(*resets),
            stats: summary(&mut [0.0, *total]),
            ..of_kind(MetricKind::Counter)
        };
        let single: Vec<_> = totals.iter().map(counter).collect();
        let sum = combined(&single, Combine::Sum);
        let total: f64 = totals.iter().map(|(total, _)| total).sum();
        prop_assert!(close(sum.total, total) && close(sum.rate, total / 4.0));
        prop_assert_eq!(sum.resets, Some(totals.iter().map(|(_, resets)| resets).sum()));
        prop_assert_eq!(sum.stats, Stats::default());
    }
}

#[test]
fn what_is_not_known_of_one_is_not_known_of_all() {
    let (known, parts) = histogram(&[vec![1.0]], &EDGES);
    let unknown = of_kind(MetricKind::Histogram);
    let both = [(&known, Some(&parts)), (&unknown, None)];
    let both = both.map(|(metric, counted)| Part { metric, counted });
    let sum = combine(&both, Combine::Sum);
    assert_eq!(
        (sum.count, sum.sum, sum.stats),
        (None, None, Stats::default())
    );
    assert!(sum.buckets.is_empty() && sum.bounds.is_empty() && sum.note.is_empty());
    let sum = combined(&[gauge(&[1.0]), gauge(&[])], Combine::Sum);
    assert!(sum.stats.avg.is_none() && sum.bounds.is_empty());
}

#[test]
fn other_buckets_leave_count_and_sum() {
    let one = histogram(&[vec![1.0]], &EDGES);
    let other = histogram(&[vec![3.0]], &[2.0]);
    let sum = combined_histograms(&[one, other]);
    assert_eq!((sum.count, sum.stats.avg), (Some(2.0), Some(2.0)));
    assert!(sum.buckets.is_empty() && sum.bounds.is_empty() && sum.stats.p99.is_none());
    assert_eq!(sum.note, "bucket_layout_differs");
}

fn server(id: &str, metrics: &[(&str, MetricKind, f64)]) -> ServerReport {
    let metric = |(name, kind, value): &(&str, MetricKind, f64)| MetricReport {
        name: (*name).to_owned(),
        total: (*kind == MetricKind::Counter).then_some(*value),
        stats: Stats::single(Some(*value)),
        ..of_kind(*kind)
    };
    ServerReport {
        server_id: id.to_owned(),
        metrics: metrics.iter().map(metric).collect(),
        ..ServerReport::default()
    }
}

#[test]
fn only_what_may_be_combined_is_and_only_among_equals() {
    use MetricKind::{Counter, Gauge};
    let engine = |id| {
        server(
            id,
            &[
                ("vllm:generation_tokens_total", Counter, 10.0),
                ("vllm:generation_tokens_created", Gauge, 1.7e9),
                ("vllm:num_requests_running", Gauge, 2.0),
                ("vllm:kv_cache_usage_perc", Gauge, 0.5),
                ("process_start_time_seconds", Gauge, 1.7e9),
            ],
        )
    };
    let frontend = server(
        "f",
        &[
            ("dynamo_frontend_output_tokens_total", Counter, 20.0),
            ("process_cpu_seconds_total", Counter, 3.0),
        ],
    );
    let stranger = |id| {
        server(
            id,
            &[
                ("process_cpu_seconds_total", Counter, 1.0),
                ("x_total", Counter, 1.0),
            ],
        )
    };
    let servers = [
        engine("a"),
        frontend,
        engine("b"),
        stranger("s"),
        stranger("t"),
    ];
    let all = of(&servers, Knowledge::embedded(), &Histograms::default());
    let seen: Vec<_> = all
        .iter()
        .map(|one| {
            let value = one.metric.total.or(one.metric.stats.avg);
            (one.key.as_str(), one.combine, value, one.role.as_str())
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("vllm:generation_tokens", Combine::Sum, Some(20.0), "engine"),
            (
                "vllm:kv_cache_usage_perc",
                Combine::Mean,
                Some(0.5),
                "engine"
            ),
            (
                "vllm:num_requests_running",
                Combine::Sum,
                Some(4.0),
                "engine"
            ),
            ("x", Combine::Sum, Some(2.0), ""),
        ]
    );
    assert_eq!(all[0].servers, ["a", "b"]);
}
