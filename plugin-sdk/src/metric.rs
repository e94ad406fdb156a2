//! The types of metric that aiperf knows.

use serde::{Deserialize, Serialize};

/// Type of a metric family, as in OpenMetrics 1.0 (§5.1).
///
/// Prometheus' `untyped` is [`MetricKind::Unknown`].
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
#[non_exhaustive]
pub enum MetricKind {
    /// A value that goes up and down.
    Gauge = 1,
    /// A running total that only a restart sets back.
    Counter = 2,
    /// Cumulative `_bucket{le}`, `_sum` and `_count`.
    Histogram = 3,
    /// A histogram of current values: `_bucket{le}`, `_gsum`, `_gcount`.
    GaugeHistogram = 4,
    /// Quantiles since some time, and cumulative `_sum` and `_count`.
    Summary = 5,
    /// Facts in labels; the value is 1.
    Info = 6,
    /// One boolean series a state.
    StateSet = 7,
    /// Nothing is known about the values. Treated like a gauge.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl MetricKind {
    /// The kind of a code that crossed the boundary; unknown codes are [`MetricKind::Unknown`].
    pub fn from_u8(code: u8) -> Self {
        match code {
            1 => Self::Gauge,
            2 => Self::Counter,
            3 => Self::Histogram,
            4 => Self::GaugeHistogram,
            5 => Self::Summary,
            6 => Self::Info,
            7 => Self::StateSet,
            _ => Self::Unknown,
        }
    }

    /// The kind that a `# TYPE` line names, if it is one.
    pub fn from_type_line(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"gauge" => Self::Gauge,
            b"counter" => Self::Counter,
            b"histogram" => Self::Histogram,
            b"gaugehistogram" => Self::GaugeHistogram,
            b"summary" => Self::Summary,
            b"info" => Self::Info,
            b"stateset" => Self::StateSet,
            b"untyped" | b"unknown" => Self::Unknown,
            _ => return None,
        })
    }

    /// The OpenMetrics name, such as `gaugehistogram`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
        }
    }

    /// True for the two kinds whose samples are buckets, a sum and a count.
    pub fn has_buckets(self) -> bool {
        matches!(self, Self::Histogram | Self::GaugeHistogram)
    }
}
