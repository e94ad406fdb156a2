//! Where in their buckets the observations of some intervals lie, from their counts and sums alone.
//!
//! Three steps, described in `docs/histograms.md`: the mean of each bucket, by least squares over
//! the intervals; the spread inside buckets, from what the means leave unexplained; then, for each
//! interval, the best linear guess of its own means.

mod spread;

use super::buffer::{Buffer, Interval};
use super::layout::Layout;
use super::range::Range;
use super::shape::Shape;
use super::solve::{Problem, Work};

/// Rounds of weighing the curve against the intervals.
const ROUNDS: u32 = 5;

/// Space for solving, kept so that it is allocated once.
#[derive(Debug, Clone, Default)]
pub(super) struct Solver {
    /// Buckets that were hit.
    active: Vec<usize>,
    /// Row of each bucket in `active`.
    row: Vec<u16>,
    counts: Vec<f64>,
    variance: Vec<f64>,
    lo: Vec<f64>,
    hi: Vec<f64>,
    means: Vec<f64>,
    spread: Vec<f64>,
    normal: Vec<f64>,
    moment: Vec<f64>,
    scaled: Vec<f64>,
    right: Vec<f64>,
    prior: Vec<f64>,
    penalty: Vec<f64>,
    share: Vec<f64>,
    shape: Shape,
    work: Work,
}

impl Solver {
    /// Solves for the first `len` intervals and hands each guess to `place`: bucket, observations,
    /// mean, variance around it. No observation exceeds `most`.
    pub(super) fn run(
        &mut self,
        layout: &Layout,
        buffer: &Buffer,
        len: usize,
        most: f64,
        mut place: impl FnMut(usize, f64, f64, f64),
    ) {
        let intervals = (0..len).map(|at| buffer.get(at));
        self.survey(layout, intervals.clone(), most);
        self.fit_means(intervals.clone());
        self.fit_spread(intervals.clone());
        for interval in intervals {
            self.impute(&interval, &mut place);
        }
    }

    /// Bytes on the heap, those of the solver's own space left out.
    pub(super) fn heap(&self) -> usize {
        let numbers = [
            &self.counts,
            &self.variance,
            &self.lo,
            &self.hi,
            &self.means,
            &self.spread,
            &self.normal,
            &self.moment,
            &self.scaled,
            &self.right,
            &self.prior,
            &self.penalty,
            &self.share,
        ];
        let numbers: usize = numbers.iter().map(|numbers| numbers.capacity() * 8).sum();
        numbers + self.active.capacity() * 8 + self.row.capacity() * 2
    }

    /// Which buckets were hit, and what is thought of them without any sum.
    fn survey<'a>(
        &mut self,
        layout: &Layout,
        intervals: impl Iterator<Item = Interval<'a>>,
        most: f64,
    ) {
        self.right.clear();
        self.right.resize(layout.len(), 0.0);
        for (bucket, count) in intervals.flat_map(Interval::entries) {
            self.right[bucket] += count;
        }
        self.active.clear();
        self.active
            .extend((0..layout.len()).filter(|bucket| self.right[*bucket] > 0.0));
        self.row.clear();
        self.row.resize(layout.len(), 0);
        for (row, bucket) in (0..).zip(&self.active) {
            self.row[*bucket] = row;
        }
        let Self {
            active,
            right,
            shape,
            ..
        } = self;
        shape.fit(
            layout,
            active.iter().map(|bucket| (*bucket, right[*bucket])),
        );
        fill(&mut self.counts, active, |bucket| right[bucket]);
        fill(&mut self.variance, active, |bucket| {
            layout.even_variance(bucket)
        });
        fill(&mut self.lo, active, |bucket| layout.range(bucket).lo);
        fill(&mut self.hi, active, |bucket| {
            let Range { lo, hi } = layout.range(bucket);
            if hi.is_finite() { hi } else { most.max(lo) }
        });
        fill(&mut self.prior, active, |bucket| {
            let range = layout.range(bucket);
            if layout.is_open(bucket) {
                range.lo + layout.scale() / 2.0
            } else {
                range.clamp(shape.mean(layout.support(bucket)))
            }
        });
        fill(&mut self.penalty, active, |bucket| {
            layout.mean_deviation(bucket).powi(-2)
        });
    }

    /// Means by least squares: each interval's sum against its counts, the smooth curve as a prior,
    /// the total exact.
    fn fit_means<'a>(&mut self, intervals: impl Iterator<Item = Interval<'a>> + Clone) {
        let n = self.active.len();
        reset(&mut self.normal, n * n);
        reset(&mut self.moment, n);
        let (mut total, mut squares, mut len) = (0.0, 0.0, 0.0_f64);
        for interval in intervals {
            let weight = 1.0 / self.even(&interval);
            total += interval.sum;
            squares += weight * interval.sum * interval.sum;
            len += 1.0;
            for (i, a) in interval.entries() {
                let i = usize::from(self.row[i]);
                self.moment[i] += weight * interval.sum * a;
                for (j, b) in interval.entries() {
                    self.normal[i * n + usize::from(self.row[j])] += weight * a * b;
                }
            }
        }
        self.means.clone_from(&self.prior);
        self.solve(0.0, total);
        if n < 2 || len < 2.0 {
            return;
        }
        let free = (len - (len - 1.0).min(n as f64)).max(1.0);
        let mut noise = 1.0;
        for _ in 0..ROUNDS {
            self.solve(1.0 / noise, total);
            noise = (self.residual(squares) / free).max(1e-9);
        }
    }

    /// Solves for the means, the intervals having this weight.
    fn solve(&mut self, weight: f64, total: f64) {
        let n = self.active.len();
        self.scaled.clear();
        self.scaled
            .extend(self.normal.iter().map(|value| value * weight));
        self.right.clear();
        for i in 0..n {
            self.scaled[i * n + i] += self.penalty[i];
            self.right
                .push(self.moment[i] * weight + self.penalty[i] * self.prior[i]);
        }
        let problem = Problem {
            h: &self.scaled,
            g: &self.right,
            weights: &self.counts,
            total,
            lo: &self.lo,
            hi: &self.hi,
        };
        problem.solve(&mut self.work, &mut self.means);
    }

    /// Weighted sum of squares that the means leave; `squares` is that of the sums.
    fn residual(&self, squares: f64) -> f64 {
        let n = self.means.len();
        let mut rest = squares;
        for (i, mean) in self.means.iter().enumerate() {
            let row: f64 = (0..n).map(|j| self.normal[i * n + j] * self.means[j]).sum();
            rest += mean * (row - 2.0 * self.moment[i]);
        }
        rest.max(0.0)
    }

    /// Variance of an interval's sum if buckets were filled evenly.
    fn even(&self, interval: &Interval<'_>) -> f64 {
        let variance =
            |(bucket, count): (usize, f64)| count * self.variance[usize::from(self.row[bucket])];
        interval.entries().map(variance).sum()
    }

    /// What an interval's sum differs by from the means.
    fn rest(&self, interval: &Interval<'_>) -> f64 {
        let expected =
            |(bucket, count): (usize, f64)| count * self.means[usize::from(self.row[bucket])];
        interval.sum - interval.entries().map(expected).sum::<f64>()
    }

    /// The best linear guess of the interval's own means: what its sum differs by is shared out by
    /// variance.
    fn impute(&self, interval: &Interval<'_>, place: &mut impl FnMut(usize, f64, f64, f64)) {
        let own = |bucket: usize| {
            let row = usize::from(self.row[bucket]);
            (row, self.spread[row] * self.variance[row])
        };
        let all: f64 = interval
            .entries()
            .map(|(bucket, count)| count * own(bucket).1)
            .sum();
        let rest = self.rest(interval);
        for (bucket, count) in interval.entries() {
            let (row, variance) = own(bucket);
            let mean = self.means[row] + variance / all * rest;
            let mean = mean.min(self.hi[row]).max(self.lo[row]);
            place(
                bucket,
                count,
                mean,
                (variance * (1.0 - variance / all)).max(0.0),
            );
        }
    }
}

fn reset(values: &mut Vec<f64>, len: usize) {
    values.clear();
    values.resize(len, 0.0);
}

fn fill(values: &mut Vec<f64>, active: &[usize], of: impl Fn(usize) -> f64) {
    values.clear();
    values.extend(active.iter().map(|bucket| of(*bucket)));
}
