//! What a run has to keep: `time_to_first_token:p99 <= 200`.

use std::fmt;
use std::str::FromStr;

use aiperf_plugin_sdk::report::{ClientMetric, Report};

/// Share of requests that failed, of those that ended by themselves.
pub const FAILED_FRACTION: &str = "failed_fraction";

/// Metric: share of requests that kept `[goodput]`.
pub const GOOD_FRACTION: &str = "good_request_fraction";

/// A limit for a statistic of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// Key in `llm_metrics`, or [`FAILED_FRACTION`].
    pub metric: String,
    /// One of [`ClientMetric::NAMES`].
    pub stat: String,
    /// Which side of the limit is right.
    pub at_most: bool,
    /// In the metric's unit.
    pub limit: f64,
}

/// A text that is no objective; says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectiveError {
    /// Neither `<=` nor `>=`.
    #[error("has neither `<=` nor `>=`")]
    NoComparison,
    /// No number behind it.
    #[error("`{0}` is no number")]
    NoNumber(String),
    /// A statistic that there is not.
    #[error("there is no statistic `{0}`; there are {known}", known = ClientMetric::NAMES.join(", "))]
    NoStatistic(String),
    /// No name before it.
    #[error("names no metric")]
    NoMetric,
}

impl FromStr for Objective {
    type Err = ObjectiveError;

    fn from_str(text: &str) -> Result<Self, ObjectiveError> {
        let (subject, limit, at_most) = match (text.split_once("<="), text.split_once(">=")) {
            (Some((subject, limit)), _) => (subject, limit, true),
            (None, Some((subject, limit))) => (subject, limit, false),
            (None, None) => return Err(ObjectiveError::NoComparison),
        };
        let (metric, stat) = match subject.split_once(':') {
            Some((metric, stat)) => (metric.trim(), stat.trim()),
            None => (subject.trim(), "avg"),
        };
        // Keys of files have no dots.
        let stat = if stat == "p99.9" { "p99_9" } else { stat };
        if metric.is_empty() {
            return Err(ObjectiveError::NoMetric);
        }
        if !ClientMetric::NAMES.contains(&stat) {
            return Err(ObjectiveError::NoStatistic(stat.to_owned()));
        }
        let limit = limit.trim();
        let finite = limit.parse().ok().filter(|limit: &f64| limit.is_finite());
        Ok(Self {
            metric: metric.to_owned(),
            stat: stat.to_owned(),
            at_most,
            limit: finite.ok_or_else(|| ObjectiveError::NoNumber(limit.to_owned()))?,
        })
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comparison = if self.at_most { "<=" } else { ">=" };
        let Self {
            metric,
            stat,
            limit,
            ..
        } = self;
        write!(f, "{metric}:{stat} {comparison} {limit}")
    }
}

impl Objective {
    /// No request may fail.
    pub fn no_failures() -> Self {
        Self {
            metric: FAILED_FRACTION.to_owned(),
            stat: "avg".to_owned(),
            at_most: true,
            limit: 0.0,
        }
    }

    /// At least this share of requests is good.
    pub fn good_fraction(limit: f64) -> Self {
        Self {
            metric: GOOD_FRACTION.to_owned(),
            stat: "avg".to_owned(),
            at_most: false,
            limit,
        }
    }

    /// What the report says of it; `None` if it does not.
    pub fn value(&self, report: &Report) -> Option<f64> {
        if self.metric == FAILED_FRACTION {
            return failed_fraction(report);
        }
        report.llm_metrics.get(&self.metric)?.statistic(&self.stat)
    }

    /// Whether a value keeps the limit.
    pub fn holds(&self, value: f64) -> bool {
        if self.at_most {
            value <= self.limit
        } else {
            value >= self.limit
        }
    }
}

/// `None` if no request ended by itself.
pub(super) fn failed_fraction(report: &Report) -> Option<f64> {
    let requests = report.requests.as_ref()?;
    let ended = requests.done + requests.failed;
    (ended > 0).then(|| requests.failed as f64 / ended as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_read_as_they_are_shown() {
        for (text, shown) in [
            (
                "time_to_first_token:p99<=200",
                "time_to_first_token:p99 <= 200",
            ),
            (
                " request_throughput >= 12.5 ",
                "request_throughput:avg >= 12.5",
            ),
            ("failed_fraction<=1e-2", "failed_fraction:avg <= 0.01"),
            ("request_latency:p99.9<=5", "request_latency:p99_9 <= 5"),
        ] {
            let objective: Objective = text.parse().unwrap();
            assert_eq!(objective.to_string(), shown);
            assert_eq!(shown.parse(), Ok(objective));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, problem) in [
            ("ttft", "has neither `<=` nor `>=`"),
            (
                "ttft:p12 <= 3",
                "there is no statistic `p12`; there are avg",
            ),
            ("ttft <= fast", "`fast` is no number"),
            ("ttft <= inf", "`inf` is no number"),
            (" <= 3", "names no metric"),
        ] {
            let error = text.parse::<Objective>().unwrap_err().to_string();
            assert!(error.starts_with(problem), "{text}: {error}");
        }
    }

    #[test]
    fn a_limit_is_on_the_right_side() {
        let at_most: Objective = "x <= 2".parse().unwrap();
        let at_least: Objective = "x >= 2".parse().unwrap();
        for (value, below, above) in [(1.0, true, false), (2.0, true, true), (3.0, false, true)] {
            assert_eq!(
                (at_most.holds(value), at_least.holds(value)),
                (below, above)
            );
        }
        assert!(!at_most.holds(f64::NAN) && !at_least.holds(f64::NAN));
    }
}
