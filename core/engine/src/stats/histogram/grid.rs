//! Bounds of a bucket's order statistics, from any number of intervals in bounded space.

use super::constraint::Constraint;
use super::range::Range;

/// Values per bucket at which observations are counted.
const POINTS: usize = 32;

/// How many observations of a bucket can lie above, and how many below, each of some values; all
/// state is additive, so neither order nor grouping of intervals matters.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// At point `g`: most observations that can be at or above it.
    above: [f64; POINTS],
    /// At point `g`: most observations that can be at or below it.
    below: [f64; POINTS],
    excess: f64,
    deficit: f64,
    smallest: Range,
    largest: Range,
}

impl Default for Grid {
    fn default() -> Self {
        let none = Range {
            lo: f64::INFINITY,
            hi: f64::INFINITY,
        };
        Self {
            above: [0.0; POINTS],
            below: [0.0; POINTS],
            excess: 0.0,
            deficit: 0.0,
            smallest: none,
            largest: Range {
                lo: f64::NEG_INFINITY,
                hi: f64::NEG_INFINITY,
            },
        }
    }
}

impl Grid {
    /// Adds an interval with `count` observations in the bucket.
    pub(super) fn add(&mut self, range: Range, scale: f64, constraint: &Constraint, count: f64) {
        self.excess += constraint.excess;
        self.deficit += constraint.deficit;
        let (small, large) = (
            constraint.smallest(count, range),
            constraint.largest(count, range),
        );
        self.smallest.lo = self.smallest.lo.min(small.lo);
        self.smallest.hi = self.smallest.hi.min(small.hi);
        self.largest.lo = self.largest.lo.max(large.lo);
        self.largest.hi = self.largest.hi.max(large.hi);
        for (point, above) in self.above.iter_mut().enumerate() {
            *above += constraint.most_above(count, above_at(range, scale, point));
        }
        for (point, below) in self.below.iter_mut().enumerate() {
            *below += constraint.most_up_to(count, range, below_at(range, scale, point));
        }
    }

    /// Adds the intervals of another grid of the same bucket.
    pub(super) fn merge(&mut self, other: &Self) {
        let pairs = self.above.iter_mut().zip(&other.above);
        for (mine, theirs) in pairs.chain(self.below.iter_mut().zip(&other.below)) {
            *mine += theirs;
        }
        self.excess += other.excess;
        self.deficit += other.deficit;
        self.smallest.lo = self.smallest.lo.min(other.smallest.lo);
        self.smallest.hi = self.smallest.hi.min(other.smallest.hi);
        self.largest.lo = self.largest.lo.max(other.largest.lo);
        self.largest.hi = self.largest.hi.max(other.largest.hi);
    }

    /// Largest value that an observation can have.
    pub(super) fn most(&self) -> f64 {
        self.largest.hi
    }

    /// Bounds of the `rank`-th smallest (from 1) of the bucket's `count` observations.
    pub(super) fn rank(&self, range: Range, scale: f64, rank: f64, count: f64) -> Range {
        let from_top = count - rank + 1.0;
        let free = |point: &usize| self.above[*point] < from_top;
        let hi = (0..POINTS)
            .find(free)
            .map_or(range.hi, |point| range.lo + above_at(range, scale, point));
        let bound = |point: &usize| self.below[*point] < rank;
        let lo = (0..POINTS)
            .rev()
            .find(bound)
            .map_or(range.lo, |point| below_at(range, scale, point));
        // No `k` observations can each have more than a k-th of all excess.
        let rounding = 1.0 + 1e-12;
        let mut hi = hi
            .min(range.lo + self.excess / from_top * rounding)
            .min(self.largest.hi);
        let mut lo = lo
            .max(range.hi - self.deficit / rank * rounding)
            .max(self.smallest.lo);
        if rank <= 1.0 {
            hi = hi.min(self.smallest.hi);
        }
        if rank >= count {
            lo = lo.max(self.largest.lo);
        }
        Range {
            lo: lo.max(range.lo),
            hi: hi.min(range.hi),
        }
    }
}

/// Distance of a point of `above` from the lower edge.
fn above_at(range: Range, scale: f64, point: usize) -> f64 {
    if range.hi.is_finite() {
        range.width() * ((point + 1) as f64 / POINTS as f64)
    } else {
        open_distance(scale, point)
    }
}

/// A point of `below`.
fn below_at(range: Range, scale: f64, point: usize) -> f64 {
    if range.hi.is_finite() {
        range.lo + range.width() * (point as f64 / POINTS as f64)
    } else {
        range.lo + open_distance(scale, point)
    }
}

/// Above all edges points lie at even ratios, from 1/256 of the last edge to 181 times of it.
fn open_distance(scale: f64, point: usize) -> f64 {
    let half_octaves = point as f64 - POINTS as f64 / 2.0;
    scale * (half_octaves / 2.0).exp2()
}
