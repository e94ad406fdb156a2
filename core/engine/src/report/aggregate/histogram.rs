//! Histograms of several servers as one.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::report::{BoundScope, Bucket, Estimator, MetricReport, Stats, ValueBounds};

use super::combine::{mean, resets, sum};
use crate::stats::{Cumulative, value_bounds};

/// Note of a sum whose parts have different buckets.
const LAYOUT: &str = "bucket_layout_differs";

/// Counts, sums and buckets added; buckets only if all have the same edges.
pub(super) fn add(parts: &[&MetricReport]) -> MetricReport {
    let count = sum(parts, |part| part.count);
    let total = sum(parts, |part| part.sum);
    let buckets = buckets(parts).filter(|_| count.is_some());
    let note = if buckets.is_none() && count.is_some() {
        LAYOUT
    } else {
        ""
    };
    let buckets = buckets.unwrap_or_default();
    let (percentiles, bounds) = percentiles(&buckets, count);
    MetricReport {
        stats: Stats {
            avg: mean(total, count),
            ..percentiles
        },
        count,
        sum: total,
        rate: sum(parts, |part| part.rate),
        resets: resets(parts),
        bound_scope: (!bounds.is_empty()).then_some(BoundScope::Buckets),
        bounds,
        buckets,
        estimator: Estimator::Bounded,
        note: note.to_owned(),
        ..MetricReport::default()
    }
}

/// `None` if the edges are not those of the first part on all.
fn buckets(parts: &[&MetricReport]) -> Option<Vec<Bucket>> {
    let (first, others) = parts.split_first()?;
    let mut buckets = first.buckets.clone();
    for part in others {
        let same = part.buckets.len() == buckets.len();
        let mut pairs = buckets.iter_mut().zip(&part.buckets);
        if !same || !pairs.all(|(mine, theirs)| add_bucket(mine, theirs)) {
            return None;
        }
    }
    Some(buckets).filter(|buckets| !buckets.is_empty())
}

/// False if the edges differ. They are compared as numbers: `1` and `1.0` are the same.
fn add_bucket(mine: &mut Bucket, theirs: &Bucket) -> bool {
    let same = edge(mine).is_some() && edge(mine) == edge(theirs);
    mine.count += theirs.count;
    same
}

fn edge(bucket: &Bucket) -> Option<f64> {
    bucket.le.trim_start_matches('+').parse().ok()
}

/// Percentiles of the observations of all servers, and what is proven of them.
///
/// The estimator of single histograms works on what was counted between two readings, which a report
/// does not hold any more: there are no estimates here. This is the place for them.
fn percentiles(buckets: &[Bucket], count: Option<f64>) -> (Stats, BTreeMap<String, ValueBounds>) {
    let curve = curve(buckets, count);
    let named = [
        ("min", 0.0),
        ("p50", 0.5),
        ("p90", 0.9),
        ("p99", 0.99),
        ("max", 1.0),
    ];
    let of = |(name, q): (&str, f64)| Some((name.to_owned(), value_bounds(&curve, q)?));
    (Stats::default(), named.into_iter().filter_map(of).collect())
}

/// Buckets that never fall and end with all observations.
fn curve(buckets: &[Bucket], count: Option<f64>) -> Vec<Cumulative> {
    let mut most = 0.0_f64;
    let mut curve: Vec<Cumulative> = Vec::with_capacity(buckets.len() + 1);
    for bucket in buckets {
        most = most.max(bucket.count);
        let le = edge(bucket).unwrap_or(f64::INFINITY);
        curve.push(Cumulative { le, count: most });
    }
    if curve.last().is_some_and(|last| last.le.is_finite()) {
        let count = count.unwrap_or_default().max(most);
        let le = f64::INFINITY;
        curve.push(Cumulative { le, count });
    }
    curve
}
