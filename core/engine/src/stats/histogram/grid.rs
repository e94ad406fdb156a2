//! Bounds of a bucket's order statistics, from any number of intervals in bounded space.

use super::constraint::Constraint;
use super::range::Range;

/// Values per bucket at which observations are counted.
const POINTS: usize = 32;

/// Observations by how many points they can reach at most, from one end of the bucket.
type Reach = [f64; POINTS + 1];

/// How many observations of a bucket can lie above, and how many below, each of some points. All
/// state is additive, so neither order nor grouping of intervals matters.
///
/// Points of a bucket with two edges divide it evenly. Above all edges they lie at even ratios, from
/// 1/256 of the last edge above it to 181 times of it.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// From the lower edge up.
    up: Reach,
    /// From the upper edge (or from infinity) down.
    down: Reach,
    excess: f64,
    deficit: f64,
    smallest: Range,
    largest: Range,
}

impl Default for Grid {
    fn default() -> Self {
        let all = |value| Range {
            lo: value,
            hi: value,
        };
        Self {
            up: [0.0; POINTS + 1],
            down: [0.0; POINTS + 1],
            excess: 0.0,
            deficit: 0.0,
            smallest: all(f64::INFINITY),
            largest: all(f64::NEG_INFINITY),
        }
    }
}

impl Grid {
    /// Adds an interval with `count` observations in the bucket. O(count), at most O(points).
    pub(super) fn add(&mut self, range: Range, scale: f64, constraint: &Constraint, count: f64) {
        let Constraint {
            excess,
            deficit,
            top,
            ..
        } = *constraint;
        self.excess += excess;
        self.deficit += deficit;
        self.widen(
            constraint.smallest(count, range),
            constraint.largest(count, range),
        );
        if range.hi.is_finite() {
            let step = range.width() / POINTS as f64;
            let even = |slack: f64| {
                let limit = slack / step;
                move |share: f64| limit / share
            };
            reach(&mut self.up, count, even(excess), even(excess));
            reach(&mut self.down, count, even(deficit), even(deficit));
        } else {
            let steps = |share: f64| open_place(excess / share, scale) + 1.0;
            let share = |steps: f64| excess / open_distance(scale, steps - 1.0) * (1.0 + 1e-9);
            reach(&mut self.up, count, steps, share);
            // One observation can take over any amount, so all but one reach the edge.
            let rest = (top / count - range.lo).max(0.0);
            self.down[POINTS] += count - 1.0;
            let last = POINTS as f64 - (open_place(rest, scale) - 2e-9).ceil().max(0.0);
            self.down[points(last)] += 1.0;
        }
    }

    fn widen(&mut self, smallest: Range, largest: Range) {
        self.smallest.lo = self.smallest.lo.min(smallest.lo);
        self.smallest.hi = self.smallest.hi.min(smallest.hi);
        self.largest.lo = self.largest.lo.max(largest.lo);
        self.largest.hi = self.largest.hi.max(largest.hi);
    }

    /// Adds the intervals of another grid of the same bucket.
    pub(super) fn merge(&mut self, other: &Self) {
        let pairs = self.up.iter_mut().zip(&other.up);
        for (mine, theirs) in pairs.chain(self.down.iter_mut().zip(&other.down)) {
            *mine += theirs;
        }
        self.excess += other.excess;
        self.deficit += other.deficit;
        self.widen(other.smallest, other.largest);
    }

    /// Largest value that an observation can have.
    pub(super) fn most(&self) -> f64 {
        self.largest.hi
    }

    /// Bounds of the `rank`-th smallest (from 1) of the bucket's `count` observations.
    pub(super) fn rank(&self, range: Range, scale: f64, rank: f64, count: f64) -> Range {
        let from_top = count - rank + 1.0;
        let point = |at: usize| {
            if range.hi.is_finite() {
                range.lo + range.width() * (at as f64 / POINTS as f64)
            } else if at == 0 {
                range.lo
            } else {
                range.lo + open_distance(scale, at as f64 - 1.0)
            }
        };
        // The first point that too few can reach is out of reach, and so is all beyond it.
        let up = reached_by(&self.up, from_top);
        let hi = if up < POINTS { point(up + 1) } else { range.hi };
        let down = reached_by(&self.down, rank);
        let lo = match (POINTS - down).checked_sub(1) {
            None => range.lo,
            Some(at) if range.hi.is_finite() => point(at),
            Some(at) => point(at + 1),
        };
        self.tighten(Range { lo, hi }, range, rank, count)
    }

    /// What sums and extremes tell beside the points.
    fn tighten(&self, bounds: Range, range: Range, rank: f64, count: f64) -> Range {
        let from_top = count - rank + 1.0;
        // No `k` observations can each have more than a k-th of all excess.
        let rounding = 1.0 + 1e-12;
        let highest = range.lo + self.excess / from_top * rounding;
        let lowest = range.hi - self.deficit / rank * rounding;
        let mut hi = bounds.hi.min(highest).min(self.largest.hi);
        let mut lo = bounds.lo.max(lowest).max(self.smallest.lo);
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

/// Adds `count` observations that share something: `share` of them can reach `steps(share)` points
/// each, and `shares(steps)` is the inverse. Both fall.
fn reach(reach: &mut Reach, count: f64, steps: impl Fn(f64) -> f64, shares: impl Fn(f64) -> f64) {
    let least = points(steps(count));
    if least == POINTS {
        reach[POINTS] += count;
    } else if count <= POINTS as f64 {
        let mut left = count;
        while left > 0.0 {
            reach[points(steps(left))] += 1.0;
            left -= 1.0;
        }
    } else {
        let mut done = 0.0;
        for at in (least + 1..=POINTS).rev() {
            let able = shares(at as f64).min(count).floor();
            reach[at] += able - done;
            done = able;
        }
        reach[least] += count - done;
    }
}

/// Number of points, cut to what there is. NaN (nothing out of nothing) reaches all.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and the result is cut"
)]
fn points(steps: f64) -> usize {
    if steps < POINTS as f64 {
        steps as usize
    } else {
        POINTS
    }
}

/// The most points that `needed` observations can reach.
fn reached_by(reach: &Reach, needed: f64) -> usize {
    let mut able = 0.0;
    let enough = |observations: &f64| {
        able += observations;
        able >= needed
    };
    let from_far = reach.iter().rev().position(enough);
    from_far.map_or(0, |at| POINTS - at)
}

/// Distance of a point above all edges from the last edge.
fn open_distance(scale: f64, at: f64) -> f64 {
    scale * (at / 2.0 - POINTS as f64 / 4.0).exp2()
}

/// Where a distance lies among the points above all edges; a bit too far rather than not enough.
fn open_place(distance: f64, scale: f64) -> f64 {
    2.0 * (distance / scale).log2() + POINTS as f64 / 2.0 + 1e-9
}
