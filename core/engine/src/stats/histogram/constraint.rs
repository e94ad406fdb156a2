//! What the sum of an interval leaves open.

use super::buffer::Interval;
use super::layout::Layout;
use super::range::Range;

/// Relative error of the few operations between a sum and a count made from it.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// How far the sum of some observations lies from what their buckets allow. Rounding is allowed
/// for: excess and deficit are never too small, `top` never too large.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Constraint {
    /// Sum less the smallest one possible: what raises observations above their lower edges.
    pub(super) excess: f64,
    /// Largest possible sum less the sum: what keeps them below their upper edges. Infinite if one
    /// lies above all edges.
    pub(super) deficit: f64,
    /// Least sum of the observations above all edges.
    pub(super) top: f64,
    /// What excess and deficit may be too large by.
    pub(super) slack: f64,
    /// Whether these buckets can have this sum.
    pub(super) possible: bool,
}

impl Constraint {
    /// Of observations whose sum is not known.
    pub(super) const NONE: Self = Self {
        excess: f64::INFINITY,
        deficit: f64::INFINITY,
        top: f64::NEG_INFINITY,
        slack: f64::INFINITY,
        possible: true,
    };

    pub(super) fn of(layout: &Layout, interval: &Interval<'_>) -> Self {
        Self::new(layout, interval.entries(), interval.sum, interval.slack)
    }

    pub(super) fn new(
        layout: &Layout,
        entries: impl Iterator<Item = (usize, f64)>,
        sum: f64,
        slack: f64,
    ) -> Self {
        let (mut least, mut most, mut most_below) = (0.0, 0.0, 0.0);
        // Of the terms' sizes, as they may cancel out.
        let mut size = sum.abs();
        for (bucket, count) in entries {
            let Range { lo, hi } = layout.range(bucket);
            least += count * lo;
            most += count * hi;
            size += count * lo.abs();
            if !layout.is_open(bucket) {
                most_below += count * hi;
                size += count * hi.abs();
            }
        }
        let slack = slack + ROUNDING * size;
        Self {
            excess: (sum - least).max(0.0) + slack,
            deficit: (most - sum).max(0.0) + slack,
            top: sum - most_below - slack,
            slack,
            possible: sum >= least - slack && sum <= most + slack,
        }
    }

    /// The most of `count` observations of a bucket that can lie `above` or more above its lower
    /// edge.
    pub(super) fn most_above(&self, count: f64, above: f64) -> f64 {
        if above <= 0.0 {
            return count;
        }
        (self.excess / above).floor().min(count)
    }

    /// The most of `count` observations of a bucket that can be `value` or less.
    pub(super) fn most_up_to(&self, count: f64, range: Range, value: f64) -> f64 {
        if range.hi.is_infinite() {
            // One of them can take over any amount, so all but one are free.
            return if count * value >= self.top {
                count
            } else {
                count - 1.0
            };
        }
        let below = range.hi - value;
        if below <= 0.0 {
            return count;
        }
        (self.deficit / below).floor().min(count)
    }

    /// Bounds of the smallest of `count` observations of a bucket.
    pub(super) fn smallest(&self, count: f64, range: Range) -> Range {
        let lo = if range.hi.is_finite() {
            range.hi - self.deficit
        } else if count <= 1.0 {
            self.top
        } else {
            range.lo
        };
        Range {
            lo: lo.max(range.lo),
            hi: (range.lo + self.excess / count).min(range.hi),
        }
    }

    /// Bounds of the largest of `count` observations of a bucket.
    pub(super) fn largest(&self, count: f64, range: Range) -> Range {
        let lo = if range.hi.is_finite() {
            range.hi - self.deficit / count
        } else {
            self.top / count
        };
        Range {
            lo: lo.max(range.lo),
            hi: (range.lo + self.excess).min(range.hi),
        }
    }

    /// Bounds of the `rank`-th smallest (from 1) of `count` observations of a bucket, which are all
    /// that the bucket has.
    pub(super) fn rank(&self, rank: f64, count: f64, range: Range) -> Range {
        let lo = if rank >= count {
            self.largest(count, range).lo
        } else if range.hi.is_finite() {
            range.hi - self.deficit / rank
        } else {
            range.lo
        };
        let hi = range.lo + self.excess / (count - rank + 1.0);
        Range {
            lo: lo.max(range.lo),
            hi: hi.min(range.hi),
        }
    }
}
