//! What is thought of a bucket's observations: moments by place in the bucket.

use super::layout::Layout;

/// Places in a bucket.
pub(super) const CELLS: usize = 16;

/// Weight, first and second moment of some observations.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Moments {
    pub(super) weight: f64,
    first: f64,
    second: f64,
}

impl Moments {
    pub(super) fn add(&mut self, weight: f64, mean: f64, variance: f64) {
        self.weight += weight;
        self.first += weight * mean;
        self.second += weight * (variance + mean * mean);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        self.first += other.first;
        self.second += other.second;
    }

    pub(super) fn mean(&self) -> f64 {
        self.first / self.weight
    }

    /// What rounding of the two large numbers may leave counts as 0: equal observations have no
    /// spread.
    pub(super) fn variance(&self) -> f64 {
        let square = self.mean().powi(2);
        let variance = self.second / self.weight - square;
        if variance > 64.0 * f64::EPSILON * square {
            variance
        } else {
            0.0
        }
    }
}

/// Estimated observations of a bucket.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells([Moments; CELLS]);

impl Cells {
    /// Adds `weight` observations with this mean and variance around it.
    pub(super) fn add(
        &mut self,
        layout: &Layout,
        bucket: usize,
        weight: f64,
        mean: f64,
        variance: f64,
    ) {
        self.0[place(layout, bucket, mean)].add(weight, mean, variance);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            mine.merge(theirs);
        }
    }

    /// Those with observations, from low to high.
    pub(super) fn filled(&self) -> impl Iterator<Item = Moments> + Clone {
        self.0.iter().copied().filter(|cell| cell.weight > 0.0)
    }

    /// All observations.
    pub(super) fn all(&self) -> Moments {
        let mut all = Moments::default();
        for cell in &self.0 {
            all.merge(cell);
        }
        all
    }
}

/// Cell of a value: evenly wide ones, or half an octave above the last edge each.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and the result is clamped"
)]
fn place(layout: &Layout, bucket: usize, value: f64) -> usize {
    let support = layout.support(bucket);
    let cells = CELLS as f64;
    let place = if layout.is_open(bucket) {
        let excess = (value - support.lo) / layout.scale();
        cells / 8.0 * excess.max(1e-9).log2() + cells / 2.0
    } else {
        (value - support.lo) / support.width() * cells
    };
    (place as usize).min(CELLS - 1)
}
