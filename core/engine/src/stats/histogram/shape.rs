//! A smooth distribution through bucket counts: the cumulative count as a monotone cubic (Fritsch
//! and Carlson, 1980), with slopes as weighted harmonic means (Fritsch and Butland, 1984).

use super::layout::Layout;
use super::range::Range;

/// Cumulative count over the buckets with two edges, from the lowest that was hit to the highest.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    x: Vec<f64>,
    y: Vec<f64>,
    slope: Vec<f64>,
}

impl Shape {
    /// Takes the counts of the buckets that were hit, rising.
    pub(super) fn fit(&mut self, layout: &Layout, counts: impl Iterator<Item = (usize, f64)>) {
        self.x.clear();
        self.y.clear();
        let mut total = 0.0;
        for (bucket, count) in counts {
            let Range { lo, hi } = layout.support(bucket);
            if !(lo.is_finite() && hi.is_finite()) {
                continue;
            }
            if self.x.last().is_none_or(|last| lo > *last) {
                self.x.push(lo);
                self.y.push(total);
            }
            total += count;
            if hi > lo {
                self.x.push(hi);
                self.y.push(total);
            } else if let Some(last) = self.y.last_mut() {
                *last = total;
            }
        }
        self.fit_slopes();
    }

    fn fit_slopes(&mut self) {
        let n = self.x.len();
        self.slope.clear();
        self.slope.resize(n, 0.0);
        if n < 2 {
            return;
        }
        let (first, last) = (self.secant(0), self.secant(n - 2));
        if n == 2 {
            self.slope.fill(first.1);
            return;
        }
        for knot in 1..n - 1 {
            self.slope[knot] = inner_slope(self.secant(knot - 1), self.secant(knot));
        }
        self.slope[0] = end_slope(first, self.secant(1));
        self.slope[n - 1] = end_slope(last, self.secant(n - 3));
    }

    /// Length and slope of the piece after a knot.
    fn secant(&self, knot: usize) -> (f64, f64) {
        let length = self.x[knot + 1] - self.x[knot];
        (length, (self.y[knot + 1] - self.y[knot]) / length)
    }

    /// The piece that holds `value`, by the knot before it.
    fn piece(&self, value: f64) -> Option<usize> {
        let last = self.x.len().checked_sub(2)?;
        let after = self.x.partition_point(|x| *x < value);
        Some(after.saturating_sub(1).min(last))
    }

    /// Cumulative count at `value`, which lies on the piece.
    fn at(&self, piece: usize, value: f64) -> f64 {
        let (x0, h) = (self.x[piece], self.secant(piece).0);
        let t = ((value - x0) / h).clamp(0.0, 1.0);
        let s = 1.0 - t;
        self.y[piece] * (1.0 + 2.0 * t) * s * s
            + self.y[piece + 1] * t * t * (3.0 - 2.0 * t)
            + h * t * s * (self.slope[piece] * s - self.slope[piece + 1] * t)
    }

    /// Mean of the observations of a bucket with this support.
    pub(super) fn mean(&self, support: Range) -> f64 {
        let middle = f64::midpoint(support.lo, support.hi);
        let Some(piece) = self.piece(middle).filter(|_| support.width() > 0.0) else {
            return middle;
        };
        let (y0, y1) = (self.y[piece], self.y[piece + 1]);
        let h = self.secant(piece).0;
        // The integral of the cubic over its piece, by parts.
        let below = f64::midpoint(y0, y1) + h * (self.slope[piece] - self.slope[piece + 1]) / 12.0;
        let share = (y1 - below) / (y1 - y0);
        if share.is_finite() {
            support.lo + h * share.clamp(0.0, 1.0)
        } else {
            middle
        }
    }

    /// Shares of the observations between each pair of neighbouring edges, which lie within one
    /// bucket. No share is zero.
    pub(super) fn shares(&self, edges: &[f64], shares: &mut [f64]) {
        let n = shares.len() as f64;
        let middle = f64::midpoint(edges[0], edges[edges.len() - 1]);
        let Some(piece) = self.piece(middle) else {
            shares.fill(1.0 / n);
            return;
        };
        for (share, pair) in shares.iter_mut().zip(edges.windows(2)) {
            *share = (self.at(piece, pair[1]) - self.at(piece, pair[0])).max(0.0);
        }
        let sum: f64 = shares.iter().sum();
        let floor = (1e-3 * sum + f64::MIN_POSITIVE) / n;
        for share in shares.iter_mut() {
            *share = (*share + floor) / (sum + floor * n);
        }
    }

    /// The value below which `part` of a bucket's `count` observations lie.
    pub(super) fn quantile(&self, support: Range, part: f64, count: f64) -> f64 {
        let Range { mut lo, mut hi } = support;
        let Some(piece) = self.piece(f64::midpoint(lo, hi)) else {
            return lo;
        };
        let wanted = self.y[piece + 1] - count + part;
        for _ in 0..60 {
            let middle = f64::midpoint(lo, hi);
            if self.at(piece, middle) < wanted {
                lo = middle;
            } else {
                hi = middle;
            }
        }
        hi
    }
}

/// Slope between two pieces, each with length and slope: their weighted harmonic mean.
fn inner_slope((h0, d0): (f64, f64), (h1, d1): (f64, f64)) -> f64 {
    if d0 * d1 <= 0.0 {
        return 0.0;
    }
    let (w0, w1) = (2.0 * h1 + h0, h1 + 2.0 * h0);
    (w0 + w1) / (w0 / d0 + w1 / d1)
}

/// Slope at an end: of the parabola through the three knots, kept monotone.
fn end_slope((h0, d0): (f64, f64), (h1, d1): (f64, f64)) -> f64 {
    let slope = ((2.0 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
    if slope * d0 <= 0.0 {
        return 0.0;
    }
    if d0 * d1 <= 0.0 && slope.abs() > 3.0 * d0.abs() {
        return 3.0 * d0;
    }
    slope
}
