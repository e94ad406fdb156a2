//! A scraped histogram whose observations are known.

use std::io::BufRead;

use serde::{Deserialize, Serialize};

/// Quantiles that are compared.
pub(crate) const QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// What pages told of some observations, and the truth. One line of a file of cases.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Case {
    /// Name of the data set.
    pub(crate) dataset: String,
    /// Name of the bucket layout.
    pub(crate) layout: String,
    /// Observations per interval, on average.
    pub(crate) rate: f64,
    /// Whether observations are whole numbers.
    pub(crate) integer: bool,
    /// Finite edges.
    pub(crate) edges: Vec<f64>,
    /// Observations by interval and bucket, the one above all edges last.
    pub(crate) counts: Vec<Vec<f64>>,
    /// Running sums at the pages: one more than intervals.
    pub(crate) sums: Vec<f64>,
    /// True [`QUANTILES`].
    pub(crate) quantiles: Vec<f64>,
    /// Smallest observation.
    pub(crate) min: f64,
    /// Largest observation.
    pub(crate) max: f64,
    /// Population standard deviation.
    pub(crate) std: f64,
    /// What another estimator said of the [`QUANTILES`], if it was asked.
    #[serde(default)]
    pub(crate) reference: Option<Vec<Option<f64>>>,
}

impl Case {
    /// Cuts `values` into pages of a server that keeps buckets and a sum.
    pub(crate) fn scraped(
        names: (&str, &str),
        rate: f64,
        integer: bool,
        edges: &[f64],
        intervals: &[Vec<f64>],
    ) -> Option<Self> {
        let mut sums = vec![0.0];
        let mut sum = 0.0;
        let mut counts = Vec::with_capacity(intervals.len());
        for interval in intervals {
            let mut row = vec![0.0; edges.len() + 1];
            for value in interval {
                row[edges.partition_point(|edge| edge < value)] += 1.0;
                sum += value;
            }
            counts.push(row);
            sums.push(sum);
        }
        let mut all: Vec<f64> = intervals.concat();
        all.sort_by(f64::total_cmp);
        let mean = sum / all.len() as f64;
        let squares: f64 = all.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            dataset: names.0.to_owned(),
            layout: names.1.to_owned(),
            rate,
            integer,
            edges: edges.to_vec(),
            counts,
            sums,
            quantiles: QUANTILES.iter().map(|q| quantile(&all, *q)).collect(),
            min: *all.first()?,
            max: *all.last()?,
            std: (squares / all.len() as f64).sqrt(),
            reference: None,
        })
    }

    /// Reads cases, one a line.
    pub(crate) fn read(lines: impl BufRead) -> Result<Vec<Self>, std::io::Error> {
        let case = |line: Result<String, _>| Ok(serde_json::from_str(&line?)?);
        lines.lines().map(case).collect()
    }

    /// Observations over all intervals, by bucket.
    pub(crate) fn totals(&self) -> Vec<f64> {
        let mut totals = vec![0.0; self.edges.len() + 1];
        for row in &self.counts {
            for (total, count) in totals.iter_mut().zip(row) {
                *total += count;
            }
        }
        totals
    }
}

/// numpy's `linear`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions are indices"
)]
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = (sorted.len() - 1) as f64 * q;
    let low = position.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * (position - low as f64)
}
