//! Spread inside buckets.

use super::super::buffer::Interval;
use super::super::solve::{factor, substitute};
use super::{Solver, reset};

/// Neighbouring intervals.
type Pair<'a> = (Interval<'a>, Interval<'a>);

impl Solver {
    /// Spread inside each bucket, as a multiple of the even one, by ridge regression. From
    /// differences between neighbouring intervals, so that slow drift does not count as spread.
    pub(super) fn fit_spread<'a>(&mut self, intervals: impl Iterator<Item = Interval<'a>> + Clone) {
        let n = self.active.len();
        self.spread.clear();
        self.spread.resize(n, 1.0);
        let pairs = intervals.clone().zip(intervals.skip(1));
        let Some(common) = self.common_spread(pairs.clone()) else {
            return;
        };
        reset(&mut self.scaled, n * n);
        reset(&mut self.right, n);
        for i in 0..n {
            self.scaled[i * n + i] = 1.0;
            self.right[i] = common;
        }
        for pair in pairs {
            self.regress(pair, common);
        }
        if !factor(&mut self.scaled, n) {
            return;
        }
        substitute(&self.scaled, n, &mut self.right);
        for (row, spread) in self.spread.iter_mut().enumerate() {
            let is_open = self.active[row] + 1 == self.row.len();
            let most = if is_open { 25.0 } else { 1.0 };
            let factor = self.right[row].clamp(0.02 * common, 50.0 * common);
            *spread = factor.min(most);
        }
    }

    /// Change of the residual from one interval to the next, in even deviations.
    fn change(&self, (a, b): Pair<'_>) -> f64 {
        let unit = |interval: &Interval<'_>| self.rest(interval) / self.even(interval).sqrt();
        unit(&b) - unit(&a)
    }

    /// One factor for all buckets. `None` if there are too few intervals to tell.
    fn common_spread<'a>(&self, pairs: impl Iterator<Item = Pair<'a>>) -> Option<f64> {
        let (mut sum, mut changes) = (0.0, 0.0_f64);
        for pair in pairs {
            sum += self.change(pair).abs();
            changes += 1.0;
        }
        // Robust: the mean size of a normal variable, not its square.
        let deviation = std::f64::consts::PI.sqrt() / 2.0 * sum / changes;
        (changes >= 3.0).then(|| deviation.powi(2).max(1e-12))
    }

    /// Adds a pair to the regression of squared changes on the buckets' shares.
    fn regress(&mut self, pair: Pair<'_>, common: f64) {
        let n = self.active.len();
        let square = (self.change(pair).powi(2) / 2.0).min(9.0 * common);
        reset(&mut self.share, n);
        for interval in [pair.0, pair.1] {
            let even = self.even(&interval);
            for (bucket, count) in interval.entries() {
                let row = usize::from(self.row[bucket]);
                self.share[row] += count * self.variance[row] / even / 2.0;
            }
        }
        for i in 0..n {
            self.right[i] += self.share[i] * square;
            for j in 0..n {
                self.scaled[i * n + j] += self.share[i] * self.share[j];
            }
        }
    }
}
