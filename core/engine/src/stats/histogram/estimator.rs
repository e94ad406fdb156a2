//! The estimator: takes intervals in, keeps what is needed of them.

use aiperf_plugin_sdk::report::BoundScope;

use super::block::Solver;
use super::buffer::Buffer;
use super::constraint::Constraint;
use super::estimate::HistogramEstimate;
use super::finish;
use super::flaw::{Flaw, weaker};
use super::layout::Layout;
use super::slot::Slots;
use super::spread::Squares;

/// Intervals that are solved together. Larger blocks follow drift less, smaller ones are noisier.
const BLOCK: usize = 64;

/// Counts above this are no exact numbers any more: 2^53.
const MOST_COUNT: f64 = 9_007_199_254_740_992.0;

/// Estimates quantiles of observations of which only a scraped histogram tells, and proves bounds.
///
/// It is fed the increase of a histogram from page to page. Its size does not depend on the number
/// of intervals: about 10 KB for one with a handful of buckets in use, nearly nothing for one that
/// is never hit. Method and proofs: `docs/histograms.md`.
#[derive(Debug, Clone)]
pub struct HistogramEstimator {
    pub(super) layout: Layout,
    pub(super) scope: BoundScope,
    pub(super) slots: Slots,
    pub(super) buffer: Buffer,
    /// Whether the last interval of the buffer waits to be joined with the next.
    pub(super) unfinished: bool,
    /// Whether the buffer holds all intervals.
    pub(super) complete: bool,
    pub(super) squares: Squares,
    pub(super) count: f64,
    /// `None` once it is not known.
    pub(super) sum: Option<f64>,
    pub(super) slack: f64,
    pub(super) inconsistent: u64,
    pub(super) flaw: Option<Flaw>,
    solver: Box<Solver>,
}

impl HistogramEstimator {
    /// Of a histogram with these finite `edges`, which rise; the bucket above the last is implied.
    ///
    /// `integer`: all observations are whole numbers, known from what they are, not from what they
    /// look like. `scope`: the most that bounds may be proven from. [`BoundScope::Interval`], unless
    /// pages are known to be torn or not all intervals are known.
    pub fn new(edges: &[f64], integer: bool, scope: BoundScope) -> Self {
        Self {
            layout: Layout::new(edges, integer),
            scope,
            slots: Slots::default(),
            buffer: Buffer::default(),
            unfinished: false,
            complete: true,
            squares: Squares::default(),
            count: 0.0,
            sum: Some(0.0),
            slack: 0.0,
            inconsistent: 0,
            flaw: None,
            solver: Box::default(),
        }
    }

    /// Adds an interval: observations in each bucket (not cumulative), the one above all edges
    /// last; the increase of their sum; the running sum at its end, which rounding depends on.
    ///
    /// A sum that is absent or not finite makes this and all other sums unusable; bounds are then
    /// the edges. A negative count, or a sum that cannot come from the counts, is a torn page: the
    /// interval is joined with the next, and bounds are proven from the whole window. O(buckets),
    /// plus every 64 intervals O(64 k² + k³) for k buckets in use. Allocates only when a bucket is
    /// hit for the first time.
    pub fn add(&mut self, counts: &[f64], sum: Option<f64>, cumulative_sum: f64) {
        if counts.len() != self.layout.len() {
            self.mark_layout_changed();
            return;
        }
        let count = self.tally(counts);
        let any = counts.iter().any(|count| *count != 0.0);
        let usable = sum.filter(|sum| sum.is_finite() && cumulative_sum.is_finite());
        let Some(sum) = usable else {
            if any || sum.is_some() {
                self.sum = None;
                self.spoil(Flaw::NoSum);
            }
            return;
        };
        // One rounding for each observation added, and two of values read back.
        let slack = (count.max(0.0) + 4.0) * f64::EPSILON * cumulative_sum.abs();
        self.sum = self.sum.map(|total| total + sum);
        self.slack += slack;
        self.check(counts, sum, slack);
        if self.flaw.is_none() && (any || sum.abs() > slack) {
            self.take(counts, sum, slack);
        }
    }

    /// Says that the buckets changed meanwhile: nothing can be said of all observations.
    pub fn mark_layout_changed(&mut self) {
        self.spoil(Flaw::LayoutChanged);
    }

    /// Whether it is of a histogram with these finite edges.
    pub fn has_edges(&self, edges: &[f64]) -> bool {
        self.layout.has_these_edges(edges)
    }

    /// Whether nothing was observed, and nothing went wrong.
    pub fn is_untouched(&self) -> bool {
        self.count == 0.0 && self.buffer.len() == 0 && self.flaw.is_none()
    }

    /// Whether observations turned out to be no whole numbers. They should have been said to be
    /// real ones: bounds are the edges.
    pub fn has_fractions(&self) -> bool {
        self.flaw == Some(Flaw::Fractions)
    }

    /// Whether a page was seen that cannot have been written at one moment. A sum that falls may be
    /// one, or negative observations, which hardly any server makes.
    pub fn is_torn(&self) -> bool {
        self.inconsistent > 0 || self.flaw == Some(Flaw::Negative)
    }

    /// Says that its pages may be torn although none of them shows it, because others of the same
    /// exporter do: bounds are proven from all intervals together.
    pub fn mark_torn(&mut self) {
        self.inconsistent += 1;
    }

    /// Adds what another estimator of the same edges has seen. Bounds are those of all intervals
    /// together; estimates are close to that.
    pub fn merge(&mut self, other: &Self) {
        if !self.layout.same_edges(&other.layout) {
            self.mark_layout_changed();
            return;
        }
        if let Some(flaw) = other.flaw {
            self.spoil(flaw);
        }
        if self.layout.is_integer() != other.layout.is_integer() {
            self.spoil(Flaw::Fractions);
        }
        self.scope = weaker(self.scope, other.scope);
        self.count += other.count;
        self.sum = self.sum.zip(other.sum).map(|(mine, theirs)| mine + theirs);
        self.slack += other.slack;
        self.inconsistent += other.inconsistent;
        self.complete &= other.complete;
        self.squares.merge(&other.squares);
        self.slots.merge(&other.slots);
        self.close();
        if self.buffer.len() + other.buffer.len() < 2 * BLOCK {
            self.buffer.extend(&other.buffer);
        } else {
            self.complete = false;
            self.solve(&other.buffer, other.buffer.len());
        }
    }

    /// Estimates and bounds of all that was added, for these quantiles (0 to 1).
    ///
    /// O(k² + n) for k buckets in use, n = at most 127 intervals not yet solved; milliseconds.
    pub fn finish(&self, quantiles: &[f64]) -> HistogramEstimate {
        let mut done = self.clone();
        done.close();
        done.solve_rest();
        finish::estimate(&done, quantiles)
    }

    fn spoil(&mut self, flaw: Flaw) {
        self.flaw = self.flaw.max(Some(flaw));
        match flaw {
            Flaw::Negative => self.layout.allow_negative(),
            Flaw::Fractions => self.layout.allow_fractions(),
            _ => {}
        }
    }

    /// Counts the observations. Returns how many there are.
    fn tally(&mut self, counts: &[f64]) -> f64 {
        let mut all = 0.0;
        for (bucket, count) in counts.iter().enumerate() {
            let is_whole = (count - count.round()).abs() <= 1e-6;
            if !is_whole {
                self.spoil(Flaw::FractionalCounts);
            } else if *count != 0.0 {
                self.slots.hit(bucket).count += count.round();
                all += count.round();
            }
        }
        self.count += all;
        if self.count > MOST_COUNT {
            self.spoil(Flaw::TooMany);
        }
        all
    }

    /// Looks for what no tear explains.
    fn check(&mut self, counts: &[f64], sum: f64, slack: f64) {
        let hit = || counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
        // Sums of observations of both signs say little, and their rounding is not known.
        let signed = hit().any(|(bucket, _)| self.layout.range(bucket).lo < 0.0);
        if signed || (!self.layout.is_signed() && sum < -slack) {
            self.spoil(Flaw::Negative);
        }
        if self.layout.is_integer() {
            let between = hit().any(|(bucket, _)| self.layout.range(bucket).width() < 0.0);
            if between || (sum - sum.round()).abs() > slack {
                self.spoil(Flaw::Fractions);
            }
        }
    }

    fn take(&mut self, counts: &[f64], sum: f64, slack: f64) {
        let entries = (0..).zip(counts).filter(|(_, count)| **count != 0.0);
        let entries = entries.map(|(bucket, count)| (bucket, count.round()));
        self.buffer.push(entries, sum, slack);
        if self.unfinished {
            self.buffer.join();
        }
        self.unfinished = !self.prove();
        if self.unfinished {
            self.inconsistent += 1;
        } else if self.buffer.len() >= 2 * BLOCK {
            // What stays is a whole block, so that the last one is never small.
            let buffer = std::mem::take(&mut self.buffer);
            self.solve(&buffer, BLOCK);
            self.buffer = buffer;
            self.buffer.drop_first(BLOCK);
            self.complete = false;
        }
    }

    /// Adds the last interval to what bounds are proven from. False if it is torn.
    fn prove(&mut self) -> bool {
        let Some(interval) = self.buffer.last() else {
            return true;
        };
        let constraint = Constraint::of(&self.layout, &interval);
        let possible = constraint.possible && !interval.is_torn();
        if possible {
            let scale = self.layout.scale();
            for (bucket, count) in interval.entries() {
                let range = self.layout.range(bucket);
                let grid = &mut self.slots.hit(bucket).grid;
                grid.add(range, scale, &constraint, count);
            }
            self.squares
                .add(&self.layout, interval.entries(), &constraint);
        }
        possible
    }

    /// Gives up waiting for the rest of a torn interval.
    fn close(&mut self) {
        if self.unfinished {
            self.buffer.join();
            if self.buffer.last().is_some_and(|last| last.is_torn()) {
                self.buffer.pop();
            }
        }
        self.unfinished = false;
    }

    /// Solves all intervals that are left, which stay in the buffer.
    pub(super) fn solve_rest(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.solve(&buffer, buffer.len());
        self.buffer = buffer;
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        let edges = self.layout.len() * size_of::<f64>();
        let solver = size_of::<Solver>() + self.solver.heap();
        edges + self.buffer.heap() + self.slots.heap() + solver
    }

    /// Gives back what is not needed until the next interval.
    pub fn shrink(&mut self) {
        self.buffer.shrink();
        *self.solver = Solver::default();
    }

    /// Estimates where observations of the first `len` intervals lie.
    fn solve(&mut self, buffer: &Buffer, len: usize) {
        if len == 0 || self.flaw.is_some() {
            return;
        }
        let Self {
            layout,
            slots,
            solver,
            ..
        } = self;
        let most = slots
            .get(layout.len() - 1)
            .map_or(0.0, |slot| slot.grid.most());
        solver.run(
            layout,
            buffer,
            len,
            most,
            |bucket, count, mean, variance| {
                let cells = &mut slots.hit(bucket).cells;
                cells.add(layout, bucket, count, mean, variance);
            },
        );
    }
}
