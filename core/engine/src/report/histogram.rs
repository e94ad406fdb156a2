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
            let observed = observed::at_once(group.counts_things(), &parts);
            (parts, 0, Some(observed))
        } else {
            let (start, end) = window.ends()?;
            let (parts, resets) = group.increase(start, end);
            (parts, resets, group.observed(start, end))
        };
        let observed = observed.map(|mut observed| {
            if window.torn {
                observed.mark_torn();
            }
            observed
        });
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

    /// What pages tell of these observations, an interval each.
    #[cfg(test)]
    pub(super) fn observing(intervals: &[Vec<f64>], edges: &[f64]) -> Self {
        let below = |le: f64, all: &[f64]| all.iter().filter(|value| **value <= le).count() as f64;
        let scope = aiperf_plugin_sdk::report::BoundScope::Interval;
        let mut observed = HistogramEstimator::new(edges, false, scope);
        let mut running = 0.0;
        for interval in intervals {
            let mut last = 0.0;
            let edges = edges.iter().copied().chain([f64::INFINITY]);
            let counts: Vec<f64> = edges
                .map(|le| below(le, interval) - std::mem::replace(&mut last, below(le, interval)))
                .collect();
            let sum: f64 = interval.iter().sum();
            running += sum;
            observed.add(&counts, Some(sum), running);
        }
        let all = intervals.concat();
        let edges = edges.iter().copied().chain([f64::INFINITY]);
        let bucket = |le: f64| Cumulative {
            text: le.to_string().replace("inf", "+Inf"),
            le,
            count: below(le, &all),
        };
        Self {
            buckets: edges.map(bucket).collect(),
            sum: Some(running),
            count: Some(all.len() as f64),
            observed: Some(observed),
            ..Self::default()
        }
    }

    /// All of `parts` together; `None` if there are none.
    pub(super) fn sum<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let mut sum = parts.next()?.clone();
        parts.for_each(|part| sum.add(part));
        Some(sum)
    }

    /// True if a page of it was torn.
    pub(super) fn is_torn(&self) -> bool {
        self.observed
            .as_ref()
            .is_some_and(HistogramEstimator::is_torn)
    }

    /// True if it has buckets, all of whose edges are known.
    pub(super) fn has_buckets(&self) -> bool {
        !self.buckets.is_empty()
    }

    /// Adds another series of the family, or another server's; buckets only if both have the same edges.
    fn add(&mut self, other: &Self) {
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

    /// The metric, its name and key left out. Rates divide by `seconds`.
    pub(super) fn report(&self, kind: MetricKind, seconds: Option<f64>) -> MetricReport {
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
            rate: cumulative.zip(seconds).map(per_second),
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

/// What the histograms of all servers counted, so that they can be combined.
#[derive(Debug, Default)]
pub(super) struct Histograms(BTreeMap<String, BTreeMap<String, Parts>>);

impl Histograms {
    /// Adds those of a server, by key.
    pub(super) fn add(&mut self, server_id: &str, by_key: BTreeMap<String, Parts>) {
        self.0.insert(server_id.to_owned(), by_key);
    }

    /// What `metric` of a server was made from; `None` if nothing is known of it in the window.
    pub(super) fn get(&self, server_id: &str, metric: &MetricReport) -> Option<&Parts> {
        self.0.get(server_id)?.get(&metric.key)
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
