//! Bounds of the standard deviation.

use aiperf_plugin_sdk::report::ValueBounds;

use super::constraint::Constraint;
use super::layout::Layout;
use super::range::Range;

/// Least and largest sum of squares that the observations of some intervals can have.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Squares {
    least: f64,
    most: f64,
}

impl Squares {
    /// Adds an interval.
    pub(super) fn add(
        &mut self,
        layout: &Layout,
        entries: impl DoubleEndedIterator<Item = (usize, f64)> + Clone,
        constraint: &Constraint,
    ) {
        let least = (constraint.excess - 2.0 * constraint.slack).max(0.0);
        self.least += least_squares(layout, entries.clone(), least);
        self.most += most_squares(layout, entries, constraint.excess);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.least += other.least;
        self.most += other.most;
    }

    /// Bounds of the population standard deviation of `count` observations with this
    /// mean.
    pub(super) fn bounds(&self, count: f64, mean: f64, slack: f64, largest: f64) -> ValueBounds {
        let square = mean * mean;
        let size = largest.abs().max(mean.abs());
        let rounding = 64.0 * f64::EPSILON * size * size + 2.0 * mean.abs() * slack / count;
        let root = |variance: f64| Some(variance.max(0.0).sqrt()).filter(|root| root.is_finite());
        ValueBounds {
            lower: root(self.least / count - square - rounding),
            upper: root(self.most / count - square + rounding),
        }
    }
}

/// The excess raises the lowest bucket first, all observations of a bucket alike.
fn least_squares(
    layout: &Layout,
    entries: impl Iterator<Item = (usize, f64)>,
    mut excess: f64,
) -> f64 {
    let mut squares = 0.0;
    for (bucket, count) in entries {
        let range = layout.range(bucket);
        let raise = excess.min(count * range.width());
        excess -= raise;
        squares += count * (range.lo + raise / count).powi(2);
    }
    squares
}

/// The excess goes to the top, one observation after the other.
fn most_squares(
    layout: &Layout,
    entries: impl DoubleEndedIterator<Item = (usize, f64)>,
    mut excess: f64,
) -> f64 {
    let mut squares = 0.0;
    for (bucket, count) in entries.rev() {
        let range = layout.range(bucket);
        let Range { lo, hi } = range;
        let width = range.width();
        let full = if width > 0.0 {
            (excess / width).floor().min(count)
        } else {
            count
        };
        if full > 0.0 {
            squares += full * hi * hi;
            excess -= full * width;
        }
        if full < count {
            squares += (lo + excess).powi(2) + (count - full - 1.0) * lo * lo;
            excess = 0.0;
        }
    }
    squares
}
