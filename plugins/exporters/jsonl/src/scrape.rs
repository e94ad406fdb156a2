//! One line per scrape per server.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::ScrapeFailure;
use aiperf_plugin_sdk::view::{Barrier, ScrapeView};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::number::Number;

/// One scrape of one server, or its failure.
///
/// Every line stands for itself: lines may be filtered, sampled and joined.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ScrapeLine<'a> {
    /// Wall-clock nanoseconds when the scrape was sent.
    timestamp_ns: i64,
    /// URL of the endpoint, without secrets.
    server_url: &'a str,
    /// `collector_` and the URL with every character that is not alphanumeric as `_`.
    collector_id: &'a str,
    /// Unique within the run.
    server_id: &'a str,
    /// What the server says in its label `instance`, else `unknown`.
    instance: &'a str,
    /// What the server says in its label `server_type`, else `unknown`.
    server_type: &'a str,
    /// Flat keys with their finite values, sorted by key; empty if the scrape failed.
    #[schemars(with = "BTreeMap<String, f64>")]
    metrics_data: MetricsData<'a>,
    /// Why there are no values; `null` if there are.
    error: Option<ErrorDetails<'a>>,
    /// Phase of the run, `null` between phases.
    phase: Option<&'a str>,
    /// `start` and `end` scrapes delimit the phase, `tick` ones lie between them.
    #[schemars(with = "BarrierName")]
    barrier: Barrier,
    /// Nanoseconds from sending the request to the last byte of the answer.
    latency_ns: i64,
    /// Every series of the page, in page order, as `[name, labels, value]`.
    #[serde(skip_serializing_if = "Series::is_off")]
    #[schemars(with = "Option<Vec<(String, BTreeMap<String, String>, Number)>>")]
    series: Series<'a>,
    /// Type of each family in `series`.
    #[serde(skip_serializing_if = "Types::is_off")]
    #[schemars(with = "Option<BTreeMap<String, MetricKind>>")]
    types: Types<'a>,
}

/// Schema of [`Barrier`].
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "stands for its schema only")]
enum BarrierName {
    Tick,
    Start,
    End,
}

/// Why a scrape brought no values.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErrorDetails<'a> {
    /// HTTP status, 0 if there was no answer.
    code: i64,
    /// Stable class, such as `timeout`, `connect_refused`, `http_503`.
    #[serde(rename = "type")]
    class: &'a str,
    /// One line.
    message: &'a str,
}

impl<'a> From<&'a ScrapeFailure> for ErrorDetails<'a> {
    fn from(failure: &'a ScrapeFailure) -> Self {
        Self {
            code: failure.code,
            class: &failure.class,
            message: &failure.message,
        }
    }
}

impl<'a> ScrapeLine<'a> {
    /// The line of `view`. `families` has one series of each family to name the types by; `None`
    /// leaves series and types out.
    pub(crate) fn new(view: &'a ScrapeView<'a>, families: Option<&'a [u32]>) -> Self {
        let server = view.server();
        let error = view.meta.error.as_ref();
        let full = families.filter(|_| error.is_none());
        Self {
            timestamp_ns: view.meta.timestamp_ns,
            server_url: &server.url,
            collector_id: &server.collector_id,
            server_id: &server.server_id,
            instance: &server.metadata.instance,
            server_type: &server.metadata.server_type,
            metrics_data: MetricsData(error.is_none().then_some(view)),
            error: error.map(ErrorDetails::from),
            phase: view.meta.phase.as_deref(),
            barrier: view.meta.barrier,
            latency_ns: view.meta.latency_ns,
            series: Series(full.map(|_| view)),
            types: Types(full.map(|families| (view, families))),
        }
    }
}

// The three below serialize straight from the view: nothing is copied or allocated per sample.

#[derive(Debug)]
struct MetricsData<'a>(Option<&'a ScrapeView<'a>>);

impl Serialize for MetricsData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = self.0.into_iter().flat_map(ScrapeView::keys);
        let finite = keys.filter(|(_, value)| value.is_finite());
        serializer.collect_map(finite.map(|(entry, value)| (&entry.key, value)))
    }
}

#[derive(Debug)]
struct Series<'a>(Option<&'a ScrapeView<'a>>);

impl Series<'_> {
    fn is_off(&self) -> bool {
        self.0.is_none()
    }
}

impl Serialize for Series<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let series = self.0.into_iter().flat_map(ScrapeView::series);
        serializer
            .collect_seq(series.map(|(entry, value)| (&entry.name, &entry.labels, Number(value))))
    }
}

#[derive(Debug)]
struct Types<'a>(Option<(&'a ScrapeView<'a>, &'a [u32])>);

impl Types<'_> {
    fn is_off(&self) -> bool {
        self.0.is_none()
    }
}

impl Serialize for Types<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let families = self.0.into_iter().flat_map(|(view, families)| {
            families
                .iter()
                .map(|series| &view.schema().series[*series as usize])
        });
        serializer.collect_map(families.map(|entry| (&entry.family, entry.kind)))
    }
}
