//! Histograms and summaries over a phase. See `docs/metrics.md#histogram`.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{Bucket, Estimator, MetricReport, Stats, ValueBounds};

use super::window::Window;
use crate::stats::{Cumulative, linear_quantile, spread, value_bounds};
use crate::store::{GroupView, PartTotal, Role};

/// Parts of a histogram or summary over the phase.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    /// Edge as written, and cumulative bucket; sorted by edge.
    buckets: Vec<(String, Cumulative)>,
    sum: Option<f64>,
    count: Option<f64>,
    resets: u64,
    non_finite: u64,
}

impl Parts {
    /// What the group counted between the window's ends; a histogram of current values is read at
    /// its end. `None` if the window lacks an end that is needed.
    pub(super) fn of(group: &GroupView<'_>, kind: MetricKind, window: &Window) -> Option<Self> {
        if kind == MetricKind::GaugeHistogram {
            let at = window.end.or(window.start)?;
            return Some(Self::new(&group.values(at), 0, group.non_finite()));
        }
        let (start, end) = window.ends()?;
        let (parts, resets) = group.increase(start, end);
        Some(Self::new(&parts, resets, group.non_finite()))
    }

    fn new(parts: &[PartTotal<'_>], resets: u64, non_finite: u64) -> Self {
        let of = |role| {
            parts
                .iter()
                .find(|part| part.role == role)
                .map(|part| part.total)
        };
        let mut buckets: Vec<_> = parts
            .iter()
            .filter(|part| part.role == Role::Bucket)
            .map(|part| {
                (
                    part.le_text.to_owned(),
                    Cumulative {
                        le: part.le,
                        count: part.total,
                    },
                )
            })
            .collect();
        buckets.sort_by(|(_, a), (_, b)| a.le.total_cmp(&b.le));
        let all = buckets.last().filter(|(_, last)| last.le.is_infinite());
        let count = of(Role::Count).or(all.map(|(_, last)| last.count));
        Self {
            buckets,
            sum: of(Role::Sum),
            count,
            resets,
            non_finite,
        }
    }

    /// Adds another series of the family; buckets only if both have the same edges.
    pub(super) fn add(&mut self, other: &Self) {
        let edges = |parts: &Self| -> Vec<u64> {
            parts
                .buckets
                .iter()
                .map(|(_, bucket)| bucket.le.to_bits())
                .collect()
        };
        if edges(self) == edges(other) {
            for ((_, mine), (_, theirs)) in self.buckets.iter_mut().zip(&other.buckets) {
                mine.count += theirs.count;
            }
        } else {
            self.buckets.clear();
        }
        let both = |(a, b): (f64, f64)| a + b;
        self.sum = self.sum.zip(other.sum).map(both);
        self.count = self.count.zip(other.count).map(both);
        self.resets += other.resets;
        self.non_finite += other.non_finite;
    }

    /// The metric, its name and key left out.
    pub(super) fn report(&self, kind: MetricKind, window: &Window) -> MetricReport {
        let curve = self.curve();
        let spread = self.sum.and_then(|sum| spread(&curve, sum));
        let mut bounds = bounds(&curve);
        bounds.extend(spread.map(|spread| ("std".to_owned(), spread.bounds)));
        let some = |(_, count): &(f64, f64)| *count > 0.0;
        let per_second = |(count, seconds): (f64, f64)| count / seconds;
        let cumulative = self.count.filter(|_| kind != MetricKind::GaugeHistogram);
        MetricReport {
            stats: Stats {
                avg: self
                    .sum
                    .zip(self.count)
                    .filter(some)
                    .map(|(sum, count)| sum / count),
                p50: linear_quantile(&curve, 0.50),
                p90: linear_quantile(&curve, 0.90),
                p99: linear_quantile(&curve, 0.99),
                std: spread.and_then(|spread| spread.estimate),
                ..Stats::default()
            },
            n: observations(self.count),
            count: self.count,
            sum: self.sum,
            rate: cumulative.zip(window.seconds()).map(per_second),
            resets: Some(self.resets),
            non_finite: self.non_finite,
            bounds,
            buckets: self.buckets.iter().map(bucket).collect(),
            ..unknown(kind)
        }
    }

    /// Buckets for quantiles: they end with all observations, and never fall (a page may be read
    /// while the server counts). Empty if it is not known how many observations there are.
    fn curve(&self) -> Vec<Cumulative> {
        let mut most = 0.0_f64;
        let mut curve: Vec<Cumulative> = self.buckets.iter().map(|(_, bucket)| *bucket).collect();
        for bucket in &mut curve {
            most = most.max(bucket.count);
            bucket.count = most;
        }
        if curve.last().is_none_or(|last| last.le.is_infinite()) {
            return curve;
        }
        let Some(count) = self.count else {
            return Vec::new();
        };
        curve.push(Cumulative {
            le: f64::INFINITY,
            count: count.max(most),
        });
        curve
    }
}

/// A histogram or summary of which nothing is known in the window.
pub(super) fn unknown(kind: MetricKind) -> MetricReport {
    let estimator = if kind.has_buckets() {
        Estimator::Linear
    } else {
        Estimator::Exact
    };
    MetricReport {
        estimator,
        ..MetricReport::default()
    }
}

fn bucket((le, bucket): &(String, Cumulative)) -> Bucket {
    Bucket {
        le: le.clone(),
        count: bucket.count,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and a count is not negative"
)]
fn observations(count: Option<f64>) -> u64 {
    count.unwrap_or_default() as u64
}

/// What is proven of the statistics that buckets do not tell.
fn bounds(curve: &[Cumulative]) -> BTreeMap<String, ValueBounds> {
    let named = [
        ("min", 0.0),
        ("p50", 0.5),
        ("p90", 0.9),
        ("p99", 0.99),
        ("max", 1.0),
    ];
    let of = |(name, q): (&str, f64)| Some((name.to_owned(), value_bounds(curve, q)?));
    named.into_iter().filter_map(of).collect()
}
