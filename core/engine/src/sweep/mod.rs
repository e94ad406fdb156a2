//! Runs of runs: the same load several times, several loads, or the largest one that keeps its limits.
//!
//! [`conduct`] decides what runs when, and keeps [`Summary`], `sweep.json` and `sweep.csv` true after each
//! run. It does not know how a run is made: whoever calls it does that. See `docs/sweeps.md`.

mod cells;
mod conduct;
mod files;
mod objective;
mod pareto;
mod search;
mod summary;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use cells::{Axis, Cell, cells, text};
pub use conduct::{Place, Ran, conduct};
pub use files::{CSV_FILE, JSON_FILE, SweepFiles};
pub use objective::{FAILED_FRACTION, GOOD_FRACTION, Objective, ObjectiveError};
pub use search::Search;
pub use summary::{
    CellSummary, MetricSummary, ParetoFront, RunSummary, SearchSummary, SloSummary, Spread,
    Summary, TRADE_OFFS,
};

use crate::config::schema::SweepMode;

/// What runs.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepPlan {
    /// What varies.
    pub axes: Vec<Axis>,
    /// How values are combined.
    pub mode: SweepMode,
    /// Runs of each combination, at least one.
    pub num_profile_runs: u32,
    /// Time between two runs.
    pub cooldown: Duration,
    /// Probability with which an interval holds the true mean.
    pub confidence_level: f64,
    /// What runs have to keep.
    pub objectives: Vec<Objective>,
    /// What is searched, if anything is.
    pub search: Option<SearchPlan>,
}

/// What is searched. See [`Search`].
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPlan {
    /// Path of the setting.
    pub setting: String,
    /// The smallest value of interest.
    pub min: f64,
    /// The largest one.
    pub max: f64,
    /// When it ends.
    pub precision: f64,
    /// Only whole numbers are tried.
    pub whole: bool,
}

impl SweepPlan {
    /// All combinations that are known before the first run; of a search both ends.
    pub fn cells(&self) -> Vec<Cell> {
        match &self.search {
            Some(search) => search.ends().map(|value| search.cell(value)).into(),
            None => cells(&self.axes, self.mode),
        }
    }

    /// How many runs there are; `None` if that shows only as a search goes on.
    pub fn runs(&self) -> Option<usize> {
        let cells = self.search.is_none().then(|| self.cells().len())?;
        Some(cells * self.num_profile_runs as usize)
    }
}

impl SearchPlan {
    fn ends(&self) -> [f64; 2] {
        if self.whole {
            [self.min.ceil(), self.max.floor()]
        } else {
            [self.min, self.max]
        }
    }

    fn begin(&self) -> Search {
        Search::new(self.min, self.max, self.precision, self.whole)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a search has whole numbers above 0"
    )]
    fn cell(&self, value: f64) -> Cell {
        let value = if self.whole {
            serde_json::json!(value as u64)
        } else {
            serde_json::json!(search::rounded(value))
        };
        Cell {
            values: vec![(self.setting.clone(), value)],
        }
    }
}
