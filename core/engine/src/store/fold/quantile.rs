//! Quantiles of summaries: values as they are.

use super::ChunkPage;
use crate::stats::Sketch;

/// Readings of a quantile that are no longer kept one by one.
#[derive(Debug, Clone, Default)]
pub struct QuantilePast {
    /// Value on the start page: a reading like others where there is no load.
    at_start: Option<f64>,
    values: Sketch,
    non_finite: u64,
}

impl QuantilePast {
    pub(super) fn heap_bytes(&self) -> usize {
        self.values.heap_bytes()
    }

    pub(super) fn fold<'a>(
        &mut self,
        readings: impl Iterator<Item = (&'a ChunkPage, Option<f64>)>,
    ) {
        let mut pairs = Vec::new();
        for (page, value) in readings {
            match value {
                Some(value) if page.is_start => self.at_start = Some(value),
                Some(value) if value.is_finite() => pairs.push((value, 1.0)),
                Some(_) => self.non_finite += 1,
                None => {}
            }
        }
        self.values.extend(pairs);
    }

    /// These values and finite ones after them; and how many of these were not finite. The start
    /// page is read if `start_counts`.
    pub fn with(&self, values: &[f64], start_counts: bool) -> (Sketch, u64) {
        let start = self.at_start.filter(|_| start_counts);
        let finite = start.filter(|value| value.is_finite());
        let mut all = self.values.clone();
        all.extend(
            values
                .iter()
                .copied()
                .chain(finite)
                .map(|value| (value, 1.0)),
        );
        let bad = u64::from(start.is_some() && finite.is_none());
        (all, self.non_finite + bad)
    }
}
