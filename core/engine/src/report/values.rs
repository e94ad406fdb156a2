//! Values of a client metric: exact, or the earlier ones as statistics.

use aiperf_plugin_sdk::report::Estimator;

use crate::stats::{Distribution, Sketch};

/// Values of a metric in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    exact: Vec<f64>,
    past: Option<Sketch>,
}

impl Values {
    pub(super) fn push(&mut self, value: f64) {
        self.exact.push(value);
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.exact.len() as u64 + self.past.as_ref().map_or(0, Sketch::len)
    }

    /// Adds all that another one holds, which is left empty.
    pub(super) fn merge(&mut self, other: &mut Self) {
        self.exact.append(&mut other.exact);
        match (&mut self.past, other.past.take()) {
            (Some(past), Some(more)) => past.merge(&more),
            (past @ None, more) => *past = more,
            (Some(_), None) => {}
        }
    }

    /// Makes statistics of all values up to now.
    pub(super) fn settle(&mut self) {
        if self.exact.is_empty() {
            return;
        }
        let values = self.exact.drain(..).map(|value| (value, 1.0));
        self.past.get_or_insert_default().extend(values);
    }

    /// Number of values, what is to be said of them, and how percentiles were made. `independent`: each
    /// is a matter of its own.
    pub(super) fn finish(mut self, independent: bool) -> (u64, Distribution, Estimator) {
        if self.past.is_some() {
            self.settle();
        }
        if let Some(all) = self.past {
            let found = Distribution::of_sketch(&all, independent);
            return (all.len(), found, Estimator::Sketch);
        }
        let n = self.exact.len() as u64;
        let found = Distribution::of(&mut self.exact, independent);
        (n, found, Estimator::Exact)
    }
}
