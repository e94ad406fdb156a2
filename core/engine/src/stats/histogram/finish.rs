//! Estimates and bounds from what an estimator has kept.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::report::{BoundScope, ValueBounds};

use super::constraint::Constraint;
use super::density::{Bucket, Density};
use super::estimate::{HistogramEstimate, QuantileEstimate};
use super::estimator::HistogramEstimator;
use super::flaw::Flaw;
use super::layout::Layout;
use super::proof::{Basis, Place, Proof};
use super::range::Range;
use super::shape::Shape;
use super::spread::Squares;
use crate::stats::summary::between;

/// Everything about an estimator all of whose intervals are solved.
pub(super) fn estimate(of: &HistogramEstimator, quantiles: &[f64]) -> HistogramEstimate {
    let window = of.window();
    let scope = of.scope(&window);
    let fell = of.slots.iter().any(|(_, slot)| slot.count < 0.0);
    let hidden = fell || of.flaw.is_some_and(Flaw::hides_all);
    let mean = of.sum.filter(|_| of.count > 0.0).map(|sum| sum / of.count);
    let mut result = HistogramEstimate {
        count: whole(of.count),
        sum: of.sum,
        mean,
        min: None,
        max: None,
        std: None,
        std_bounds: None,
        quantiles: vec![QuantileEstimate::default(); quantiles.len()],
        scope,
        inconsistent: of.inconsistent,
        note: of.note(scope),
    };
    if of.count <= 0.0 || hidden {
        return result;
    }
    let mut finish = Finish::new(of, scope, window);
    let count = of.count;
    result.quantiles = quantiles
        .iter()
        .map(|q| finish.quantile(*q, count))
        .collect();
    result.min = finish.extreme(1.0);
    result.max = finish.extreme(count);
    if let Some(mean) = mean.filter(|_| scope != BoundScope::Buckets) {
        let bounds = finish.std_bounds(count, mean);
        let [lower, upper] = [bounds.lower, bounds.upper].map(Option::unwrap_or_default);
        let estimate = finish.std(count, mean).max(lower);
        result.std = Some(estimate.min(upper.max(lower)));
        result.std_bounds = Some(bounds);
    }
    result
}

impl HistogramEstimator {
    /// The whole window as one interval.
    fn window(&self) -> Constraint {
        let Some(sum) = self.sum else {
            return Constraint::NONE;
        };
        let entries = self.slots.iter().map(|(bucket, slot)| (bucket, slot.count));
        // Pages that tear may also do so at both ends, by an observation each way.
        let top = self
            .slots
            .iter()
            .map(|(bucket, _)| self.layout.range(bucket).hi);
        let edge = top.filter(|edge| edge.is_finite()).fold(0.0, f64::max);
        let torn = if self.inconsistent > 0 { edge } else { 0.0 };
        Constraint::new(&self.layout, entries, sum, self.slack + torn)
    }

    /// What bounds can be proven from.
    fn scope(&self, window: &Constraint) -> BoundScope {
        let no_sum = self.flaw.is_some() || self.sum.is_none() || !window.possible;
        if no_sum || self.scope == BoundScope::Buckets {
            BoundScope::Buckets
        } else if self.scope == BoundScope::Pooled || self.inconsistent > 0 {
            BoundScope::Pooled
        } else {
            BoundScope::Interval
        }
    }

    fn note(&self, scope: BoundScope) -> &'static str {
        let torn = self.inconsistent > 0 || (scope == BoundScope::Buckets && self.sum.is_some());
        let torn = torn && self.scope != BoundScope::Buckets;
        match self.flaw.or(torn.then_some(Flaw::Torn)) {
            Some(flaw) => flaw.name(),
            None if !self.layout.has_edges() && self.count > 0.0 => "no_finite_bucket",
            None => "",
        }
    }
}

/// An estimator all of whose intervals are solved.
struct Finish<'a> {
    of: &'a HistogramEstimator,
    layout: &'a Layout,
    proof: Proof<'a>,
    scope: BoundScope,
    window: Constraint,
    shape: Shape,
    /// From the least to the largest value that any observation can have.
    span: Range,
    /// Distributions of the buckets that were asked for.
    densities: BTreeMap<usize, Density>,
}

impl<'a> Finish<'a> {
    fn new(of: &'a HistogramEstimator, scope: BoundScope, window: Constraint) -> Self {
        let basis = match scope {
            BoundScope::Interval if of.complete => Basis::Intervals(&of.buffer),
            BoundScope::Interval => Basis::Grids,
            BoundScope::Pooled => Basis::Window(window),
            _ => Basis::Window(Constraint::NONE),
        };
        let layout = &of.layout;
        let proof = Proof {
            layout,
            slots: &of.slots,
            basis,
        };
        let mut shape = Shape::default();
        shape.fit(
            layout,
            of.slots.iter().map(|(bucket, slot)| (bucket, slot.count)),
        );
        let bounds = |rank| proof.place(rank).map(|place| proof.bounds(place));
        let least = bounds(1.0).map_or(f64::NEG_INFINITY, |bounds| bounds.lo);
        let most = bounds(of.count).map_or(f64::INFINITY, |bounds| bounds.hi);
        let span = Range {
            lo: least,
            hi: most,
        };
        Self {
            of,
            layout,
            proof,
            scope,
            window,
            shape,
            span,
            densities: BTreeMap::new(),
        }
    }

    fn extreme(&self, rank: f64) -> Option<ValueBounds> {
        let bounds = self.proof.bounds(self.proof.place(rank)?);
        Some(value_bounds(bounds))
    }

    fn quantile(&mut self, q: f64, count: f64) -> QuantileEstimate {
        let (low, high, part) = neighbours(q, count);
        let places = self.proof.place(low).zip(self.proof.place(high));
        let Some((low, high)) = places else {
            return QuantileEstimate::default();
        };
        let (lower, upper) = (self.proof.bounds(low), self.proof.bounds(high));
        let values = self.value(low, lower).zip(self.value(high, upper));
        QuantileEstimate {
            value: values.map(|(low, high)| between(low, high.max(low), part)),
            bounds: value_bounds(Range {
                lo: lower.lo,
                hi: upper.hi,
            }),
        }
    }

    /// Estimate of an observation.
    fn value(&mut self, place: Place, bounds: Range) -> Option<f64> {
        let support = self.layout.support(place.bucket);
        let part = place.rank - 0.5;
        let value = if self.scope == BoundScope::Buckets {
            let closed = support.lo.is_finite() && support.hi.is_finite();
            closed.then(|| self.shape.quantile(support, part, place.count))?
        } else if self.layout.has_edges() {
            let weight = self.of.slots.get(place.bucket)?.cells.all().weight;
            if weight <= 0.0 {
                return None;
            }
            let density = self.densities.remove(&place.bucket);
            let density = density.or_else(|| self.density(place.bucket))?;
            let value = density.quantile(part * weight / place.count);
            self.densities.insert(place.bucket, density);
            value
        } else {
            return None;
        };
        let value = if self.layout.is_integer() {
            value.round()
        } else {
            value
        };
        Some(bounds.clamp(value)).filter(|value| value.is_finite())
    }

    fn density(&self, bucket: usize) -> Option<Density> {
        let support = self.layout.support(bucket);
        let open = self.layout.is_open(bucket);
        let half = if self.layout.is_integer() { 0.5 } else { 0.0 };
        Some(Density::of(&Bucket {
            cells: &self.of.slots.get(bucket)?.cells,
            range: Range {
                lo: support.lo.max(self.span.lo - half),
                hi: support.hi.min(self.span.hi + half),
            },
            open: open.then(|| self.layout.scale()),
            from_zero: self.layout.range(bucket).lo == 0.0,
            shape: &self.shape,
        }))
    }

    fn std(&self, count: f64, mean: f64) -> f64 {
        let squares = self
            .of
            .slots
            .iter()
            .flat_map(|(_, slot)| slot.cells.filled())
            .map(|cell| cell.weight * (cell.variance() + (cell.mean() - mean).powi(2)));
        (squares.sum::<f64>() / count).sqrt()
    }

    fn std_bounds(&self, count: f64, mean: f64) -> ValueBounds {
        let (mut squares, mut slack) = (self.of.squares, self.of.slack);
        if self.scope == BoundScope::Pooled {
            let slots = self.of.slots.iter();
            let entries: Vec<(usize, f64)> =
                slots.map(|(bucket, slot)| (bucket, slot.count)).collect();
            squares = Squares::default();
            squares.add(self.layout, entries.into_iter(), &self.window);
            slack = self.window.slack;
        }
        squares.bounds(count, mean, slack, self.span.hi)
    }
}

/// Ranks (from 1) of the observations around position `(n - 1) q`, and the part of the way from one
/// to the other. A position that rounding moved off a whole number counts as that.
fn neighbours(q: f64, count: f64) -> (f64, f64, f64) {
    let position = (count - 1.0) * q.clamp(0.0, 1.0);
    let whole = position.round();
    if (position - whole).abs() <= 1e-12 * position.max(1.0) {
        return (whole + 1.0, whole + 1.0, 0.0);
    }
    let low = position.floor();
    (low + 1.0, (low + 2.0).min(count), position - low)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and a count is a whole number"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

fn value_bounds(range: Range) -> ValueBounds {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    ValueBounds {
        lower: finite(range.lo),
        upper: finite(range.hi),
    }
}
