//! Which values a bucket can hold.

use std::sync::Arc;

use super::range::Range;

/// Share of a bucket's width that its mean may well differ from the mean of the smooth curve.
const MEAN_SHARE: f64 = 0.2;

/// Edges of a histogram. A bucket is an index; the last one is above all edges.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// Finite upper edges, rising.
    edges: Arc<[f64]>,
    /// Whether all observations are whole numbers.
    integer: bool,
    /// Whether observations may be negative: the first bucket has no lower edge then.
    signed: bool,
}

impl Layout {
    pub(super) fn new(edges: &[f64], integer: bool) -> Self {
        Self {
            edges: edges.into(),
            integer,
            signed: edges.first().is_some_and(|edge| *edge < 0.0),
        }
    }

    /// Number of buckets, the one above all edges included.
    pub(super) fn len(&self) -> usize {
        self.edges.len() + 1
    }

    pub(super) fn is_integer(&self) -> bool {
        self.integer
    }

    /// From now on observations may be no whole numbers.
    pub(super) fn allow_fractions(&mut self) {
        self.integer = false;
    }

    /// From now on observations may be negative.
    pub(super) fn allow_negative(&mut self) {
        self.signed = true;
    }

    /// Whether there is any bucket but the open one.
    pub(super) fn has_edges(&self) -> bool {
        !self.edges.is_empty()
    }

    pub(super) fn has_these_edges(&self, edges: &[f64]) -> bool {
        *self.edges == *edges
    }

    pub(super) fn same_edges(&self, other: &Self) -> bool {
        self.edges == other.edges
    }

    /// Whether observations may be negative.
    pub(super) fn is_signed(&self) -> bool {
        self.signed
    }

    /// Whether a bucket is the one above all edges.
    pub(super) fn is_open(&self, bucket: usize) -> bool {
        bucket == self.edges.len()
    }

    /// Smallest and largest value that an observation of the bucket can have.
    ///
    /// Observations are taken to be not negative, unless an edge is. Of a bucket `(lower, upper]`
    /// of real numbers the lower edge counts as possible. Whole numbers: empty (`hi < lo`) if none
    /// lies in the bucket.
    pub(super) fn range(&self, bucket: usize) -> Range {
        let below = bucket.checked_sub(1).map(|below| self.edges[below]);
        let edge = self.edges.get(bucket).copied();
        let lo = match below {
            Some(below) if self.integer => below.floor() + 1.0,
            Some(below) => below,
            None if self.signed => f64::NEG_INFINITY,
            None => 0.0,
        };
        let hi = match edge {
            Some(edge) if self.integer => edge.floor(),
            Some(edge) => edge,
            None => f64::INFINITY,
        };
        Range { lo, hi }
    }

    /// The part of the number line that the bucket stands for: half a unit more on both sides
    /// around whole numbers, so that neighbours touch.
    pub(super) fn support(&self, bucket: usize) -> Range {
        let Range { lo, hi } = self.range(bucket);
        let half = if self.integer && !self.is_open(bucket) {
            0.5
        } else {
            0.0
        };
        Range {
            lo: lo - half,
            hi: hi + half,
        }
    }

    /// Size of the values that only the last edge tells of; 1 without a usable edge.
    pub(super) fn scale(&self) -> f64 {
        match self.edges.last() {
            Some(last) if *last != 0.0 => last.abs(),
            _ => 1.0,
        }
    }

    /// Variance inside a bucket that is filled evenly; above all edges a guess.
    pub(super) fn even_variance(&self, bucket: usize) -> f64 {
        let deviation = if self.is_open(bucket) {
            self.scale() / 2.0
        } else {
            self.support(bucket).width() / 12.0_f64.sqrt()
        };
        // A bucket of one value must not divide by zero.
        (deviation + 1e-12 * self.scale()).powi(2)
    }

    /// Standard deviation of a bucket's mean around the mean of the smooth curve.
    pub(super) fn mean_deviation(&self, bucket: usize) -> f64 {
        if self.is_open(bucket) {
            3.0 * self.scale()
        } else {
            (MEAN_SHARE * self.support(bucket).width()).max(1e-12 * self.scale())
        }
    }
}
