//! What came of all runs.

use aiperf_plugin_sdk::report::{ClientMetric, Report, RequestTotals};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value as Json;

use super::SweepPlan;
use super::cells::Cell;
use super::objective::failed_fraction;
use super::pareto;
use crate::stats::{MeanOfRuns, mean_of_runs};

/// Version of the schema of `sweep.json`.
pub(super) const SWEEP_SCHEMA_VERSION: &str = "1.0";

/// Pairs of numbers of which there is always less of the one for more of the other: metric and statistic of
/// what should be large, and of what should be small.
pub const TRADE_OFFS: [(&str, &str, &str); 3] = [
    ("output_token_throughput", "inter_token_latency", "avg"),
    ("output_token_throughput", "time_to_first_token", "p99"),
    ("request_throughput", "request_latency", "p99"),
];

/// Everything that a sweep found out: what stands in `sweep.json`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// [`SWEEP_SCHEMA_VERSION`].
    pub schema_version: String,
    /// Version of aiperf.
    pub aiperf_version: String,
    /// False as long as runs are to come, and if some never came.
    pub complete: bool,
    /// Probability with which an interval holds the true mean.
    pub confidence_level: f64,
    /// Runs of each cell.
    pub num_profile_runs: u32,
    /// All combinations that were tried, in order.
    pub cells: Vec<CellSummary>,
    /// Cells that no other beats, for each pair of [`TRADE_OFFS`] that there are numbers of.
    pub pareto: Vec<ParetoFront>,
    /// What the search found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchSummary>,
}

/// One combination of values.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CellSummary {
    /// Setting and value.
    pub values: IndexMap<String, Json>,
    /// Its runs, in order.
    pub runs: Vec<RunSummary>,
    /// Metric, statistic, and its value over the runs.
    pub metrics: IndexMap<String, MetricSummary>,
    /// Whether each limit was kept; empty without limits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slo: Vec<SloSummary>,
    #[serde(skip)]
    cell: Cell,
}

/// A run, and where its files are.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RunSummary {
    /// Folder, seen from that of the sweep.
    pub folder: String,
    /// Why there are no numbers of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Seed of everything drawn at random.
    pub random_seed: Option<u64>,
    /// RFC 3339: the first send.
    pub benchmark_start_time: String,
    /// Seconds from the first send to the last response.
    pub duration_seconds: f64,
    /// Its requests.
    pub requests: Option<RequestTotals>,
    /// Codes of its warnings.
    pub warnings: Vec<String>,
}

/// A metric over the runs of a cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MetricSummary {
    /// Unit of all statistics.
    pub unit: String,
    /// By name of the statistic.
    #[serde(flatten)]
    pub stats: IndexMap<String, Spread>,
}

/// A statistic over the runs of a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Runs that have it.
    pub runs: usize,
    /// Mean of the runs.
    pub mean: f64,
    /// Standard deviation between runs, with `n - 1`; `None` for one run.
    pub std: Option<f64>,
    /// Smallest and largest run.
    pub min: f64,
    /// See `min`.
    pub max: f64,
    /// Confidence interval of the mean; `None` for one run.
    pub ci_low: Option<f64>,
    /// See `ci_low`.
    pub ci_high: Option<f64>,
}

/// A limit and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SloSummary {
    /// As it was written.
    pub slo: String,
    /// Mean of the runs; `None` if a run has no such number, and then it is not kept.
    pub value: Option<f64>,
    /// Whether it was kept.
    pub kept: bool,
}

/// Cells that no other beats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ParetoFront {
    /// Metric whose mean should be large.
    pub maximize: String,
    /// Metric and statistic that should be small.
    pub minimize: String,
    /// Places in `cells`, from 0.
    pub cells: Vec<usize>,
}

/// What the search found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SearchSummary {
    /// The setting.
    pub setting: String,
    /// The largest value that kept all limits; `None` if none did.
    pub largest_kept: Option<f64>,
    /// The smallest value that did not; `None` if all did.
    pub smallest_broken: Option<f64>,
}

impl From<MeanOfRuns> for Spread {
    fn from(found: MeanOfRuns) -> Self {
        Self {
            runs: found.n,
            mean: found.mean,
            std: found.std,
            min: found.min,
            max: found.max,
            ci_low: found.margin.map(|margin| found.mean - margin),
            ci_high: found.margin.map(|margin| found.mean + margin),
        }
    }
}

impl CellSummary {
    pub(super) fn of(cell: &Cell) -> Self {
        Self {
            values: cell.values.iter().cloned().collect(),
            cell: cell.clone(),
            ..Self::default()
        }
    }

    /// The combination.
    pub fn cell(&self) -> &Cell {
        &self.cell
    }

    /// A statistic over the runs.
    pub fn spread(&self, metric: &str, stat: &str) -> Option<Spread> {
        self.metrics.get(metric)?.stats.get(stat).copied()
    }

    /// Whether all limits were kept.
    pub fn keeps_slo(&self) -> bool {
        self.slo.iter().all(|slo| slo.kept)
    }

    /// Requests that failed, over all runs.
    pub fn failed(&self) -> u64 {
        let requests = self.runs.iter().filter_map(|run| run.requests.as_ref());
        requests.map(|requests| requests.failed).sum()
    }

    /// Makes the numbers of all runs so far. A run without a report has none.
    pub(super) fn summarize(&mut self, reports: &[Option<Report>], plan: &SweepPlan) {
        let known: Vec<&Report> = reports.iter().flatten().collect();
        self.metrics = metrics(&known, plan.confidence_level);
        let judged = plan.objectives.iter().map(|objective| {
            let all: Option<Vec<f64>> = reports
                .iter()
                .map(|report| objective.value(report.as_ref()?))
                .collect();
            let value = all.and_then(|all| Some(mean_of_runs(&all, plan.confidence_level)?.mean));
            SloSummary {
                slo: objective.to_string(),
                value,
                kept: value.is_some_and(|value| objective.holds(value)),
            }
        });
        self.slo = judged.collect();
    }
}

impl RunSummary {
    pub(super) fn of(folder: String, report: Option<&Report>, error: Option<String>) -> Self {
        let metadata = report.map(|report| report.metadata.clone());
        let metadata = metadata.unwrap_or_default();
        let warnings = report
            .map(|report| &report.warnings[..])
            .unwrap_or_default();
        Self {
            folder,
            error,
            random_seed: metadata.settings.get("random_seed").and_then(Json::as_u64),
            benchmark_start_time: metadata.benchmark_start_time,
            duration_seconds: metadata.duration_seconds,
            requests: report.and_then(|report| report.requests.clone()),
            warnings: warnings
                .iter()
                .map(|warning| warning.code.clone())
                .collect(),
        }
    }
}

impl Summary {
    /// Finds the fronts among the cells so far.
    pub(super) fn find_fronts(&mut self) {
        let cells = &self.cells;
        let front = |(maximize, metric, stat): &(&str, &str, &str)| {
            let points: Vec<_> = cells
                .iter()
                .map(|cell| {
                    let more = cell.spread(maximize, "avg")?.mean;
                    Some((more, cell.spread(metric, stat)?.mean))
                })
                .collect();
            let on_it = pareto::front(&points);
            let places = (0..)
                .zip(on_it)
                .filter_map(|(at, is_on)| is_on.then_some(at));
            ParetoFront {
                maximize: (*maximize).to_owned(),
                minimize: format!("{metric}:{stat}"),
                cells: places.collect(),
            }
        };
        let fronts = TRADE_OFFS.iter().map(front);
        self.pareto = fronts.filter(|front| !front.cells.is_empty()).collect();
    }
}

/// Each metric and statistic that a run has.
fn metrics(reports: &[&Report], level: f64) -> IndexMap<String, MetricSummary> {
    let mut values: IndexMap<&str, (&str, IndexMap<&str, Vec<f64>>)> = IndexMap::new();
    for report in reports {
        for (key, metric) in &report.llm_metrics {
            let (_, stats) = values
                .entry(key)
                .or_insert_with(|| (&metric.unit, IndexMap::new()));
            for (name, value) in ClientMetric::NAMES.iter().zip(metric.statistics()) {
                stats.entry(name).or_default().extend(value);
            }
        }
        if let Some(failed) = failed_fraction(report) {
            let (_, stats) = values
                .entry(super::objective::FAILED_FRACTION)
                .or_insert_with(|| ("ratio", IndexMap::new()));
            stats.entry("avg").or_default().push(failed);
        }
    }
    let summary = |(key, (unit, stats)): (&str, (&str, IndexMap<&str, Vec<f64>>))| {
        let stats = stats.into_iter().filter_map(|(name, values)| {
            let spread = mean_of_runs(&values, level)?.into();
            Some((name.to_owned(), spread))
        });
        let summary = MetricSummary {
            unit: unit.to_owned(),
            stats: stats.collect(),
        };
        (key.to_owned(), summary)
    };
    values.into_iter().map(summary).collect()
}
