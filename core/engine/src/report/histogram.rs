//! Histograms and summaries over a phase. See `docs/metrics.md#histogram`.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{Bucket, Estimator, MetricReport, Stats, ValueBounds};

use super::observed;
use super::window::Window;
use crate::stats::{HistogramEstimate, HistogramEstimator};
use crate::store::{FamilyView, GroupView, PartTotal, Role};

/// Cumulative bucket: observations not above an edge.
#[derive(Debug, Clone)]
struct Cumulative {
    /// Edge as written.
    text: String,
    le: f64,
    count: f64,
}

/// Parts of a histogram or summary over the phase.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    /// Sorted by edge.
    buckets: Vec<Cumulative>,
    sum: Option<f64>,
    count: Option<f64>,
    resets: u64,
    non_finite: u64,
    /// What is known of single observations; `None` for summaries.
    observed: Option<HistogramEstimator>,
}

impl Parts {
    /// What a group of the family counted between the window's ends; a histogram of current values
    /// is read at its end. `None` if the window lacks an end that is needed.
    pub(super) fn of(
        family: &FamilyView<'_>,
        group: &GroupView<'_>,
        window: &Window,
    ) -> Option<Self> {
        let kind = family.kind();
        let (parts, resets, observed) = if kind == MetricKind::GaugeHistogram {
            let parts = group.values(window.end.or(window.start)?);
            let observed = observed::at_once(family, &parts);
            (parts, 0, Some(observed))
        } else {
            let (start, end) = window.ends()?;
            let (parts, resets) = group.increase(start, end);
            let observed = || observed::between(family, group, start, end);
            (parts, resets, kind.has_buckets().then(observed))
        };
        Some(Self {
            observed,
            ..Self::new(&parts, resets, group.non_finite())
        })
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
            .map(|part| Cumulative {
                text: part.le_text.to_owned(),
                le: part.le,
                count: part.total,
            })
            .collect();
        buckets.sort_by(|a, b| a.le.total_cmp(&b.le));
        let all = buckets.last().filter(|last| last.le.is_infinite());
        let count = of(Role::Count).or(all.map(|last| last.count));
        Self {
            buckets,
            sum: of(Role::Sum),
            count,
            resets,
            non_finite,
            observed: None,
        }
    }

    /// Adds another series of the family; buckets only if both have the same edges.
    pub(super) fn add(&mut self, other: &Self) {
        let edges = |parts: &Self| -> Vec<u64> {
            let edge = |bucket: &Cumulative| bucket.le.to_bits();
            parts.buckets.iter().map(edge).collect()
        };
        if edges(self) == edges(other) {
            for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
                mine.count += theirs.count;
            }
        } else {
            self.buckets.clear();
        }
        if let (Some(mine), Some(theirs)) = (&mut self.observed, &other.observed) {
            mine.merge(theirs);
        }
        let both = |(a, b): (f64, f64)| a + b;
        self.sum = self.sum.zip(other.sum).map(both);
        self.count = self.count.zip(other.count).map(both);
        self.resets += other.resets;
        self.non_finite += other.non_finite;
    }

    /// The metric, its name and key left out.
    pub(super) fn report(&self, kind: MetricKind, window: &Window) -> MetricReport {
        let estimate = self
            .observed
            .as_ref()
            .map(|observed| observed.finish(&[0.5, 0.9, 0.99]));
        let quantile = |at: usize| {
            estimate
                .as_ref()
                .and_then(|known| known.quantiles[at].value)
        };
        let bounds = estimate.as_ref().map(bounds).unwrap_or_default();
        let proven = estimate.as_ref().filter(|_| !bounds.is_empty());
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
                p50: quantile(0),
                p90: quantile(1),
                p99: quantile(2),
                std: estimate.as_ref().and_then(|known| known.std),
                ..Stats::default()
            },
            n: observations(self.count),
            count: self.count,
            sum: self.sum,
            rate: cumulative.zip(window.seconds()).map(per_second),
            resets: Some(self.resets),
            non_finite: self.non_finite,
            bound_scope: proven.map(|known| known.scope),
            bounds,
            note: estimate.as_ref().map_or("", |known| known.note).to_owned(),
            buckets: self.buckets.iter().map(bucket).collect(),
            ..unknown(kind)
        }
    }
}

/// A histogram or summary of which nothing is known in the window.
pub(super) fn unknown(kind: MetricKind) -> MetricReport {
    let estimator = if kind.has_buckets() {
        Estimator::Bounded
    } else {
        Estimator::Exact
    };
    MetricReport {
        estimator,
        ..MetricReport::default()
    }
}

fn bucket(bucket: &Cumulative) -> Bucket {
    Bucket {
        le: bucket.text.clone(),
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
fn bounds(estimate: &HistogramEstimate) -> BTreeMap<String, ValueBounds> {
    let quantile = |at: usize| Some(estimate.quantiles[at].bounds);
    let named = [
        ("min", estimate.min),
        ("p50", quantile(0)),
        ("p90", quantile(1)),
        ("p99", quantile(2)),
        ("max", estimate.max),
        ("std", estimate.std_bounds),
    ];
    let known = |bounds: &ValueBounds| bounds.lower.or(bounds.upper).is_some();
    let of = |(name, bounds): (&str, Option<ValueBounds>)| {
        Some((name.to_owned(), bounds.filter(known)?))
    };
    named.into_iter().filter_map(of).collect()
}
