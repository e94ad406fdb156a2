//! One line per scrape per server.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::ScrapeFailure;
use aiperf_plugin_sdk::view::{Barrier, Schema, ScrapeView, SeriesEntry};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::explained::News;
use crate::number::Number;

/// One scrape of one server, or its failure.
///
/// Up to `servers` every line stands for itself: lines may be filtered, sampled and joined. The
/// fields after it hold whole pages, so that a run can be put together again; a line may rely on
/// lines before it there.
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
    /// Monotonic nanoseconds when the scrape was sent, on the clock of the whole run.
    mono_ns: i64,
    /// What is known of the scrape itself, under the names of Prometheus; absent if it is not wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    scrape_metrics: Option<ScrapeMetrics>,
    /// Number of the endpoint among those of the run, from 0.
    endpoint: u32,
    /// Number of the page among those of its endpoint, from 0, shared by all servers on the page;
    /// `null` if the scrape failed.
    page: Option<u32>,
    /// Number of servers on the page, each of which has a line; 0 if the scrape failed.
    servers: u32,
    /// Families and series that no line before has explained; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<NewSchema<'a>>,
    /// Ids of the page's series, in page order; absent if they are those of the server's page
    /// before.
    #[serde(skip_serializing_if = "Series::is_off")]
    #[schemars(with = "Option<Vec<u32>>")]
    series: Series<'a>,
    /// Their values, as many; absent if the scrape failed, or values are not wanted.
    #[serde(skip_serializing_if = "Values::is_off")]
    #[schemars(with = "Option<Vec<Number>>")]
    values: Values<'a>,
}

/// What is known of a scrape itself. The servers of a page share it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ScrapeMetrics {
    /// 1 if it brought metrics, else 0.
    up: u8,
    /// Time from the request to the last byte.
    scrape_duration_seconds: f64,
    /// Samples on the page, before any are left out; 0 if it failed.
    scrape_samples_scraped: u64,
    /// Bytes of the page, uncompressed; 0 if it failed, -1 if there were too many; absent if there was
    /// no text to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    scrape_body_size_bytes: Option<i64>,
}

/// Facts about series, written once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewSchema<'a> {
    /// Families of this line's server.
    families: Vec<NewFamily<'a>>,
    /// Series of this line's server.
    series: Vec<NewSeries<'a>>,
}

/// A family.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewFamily<'a> {
    /// Name, as the page declares it.
    name: &'a str,
    /// Type.
    #[serde(rename = "type")]
    kind: MetricKind,
    /// Help text, empty if none.
    help: &'a str,
    /// Unit that the page declares, empty if none.
    unit: &'a str,
}

/// A series.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewSeries<'a> {
    /// Its id in the whole file.
    id: u32,
    /// Name as the server writes it, with suffix.
    name: &'a str,
    /// Name of its family.
    family: &'a str,
    /// All its labels on the page.
    #[schemars(with = "BTreeMap<String, String>")]
    labels: Labels<'a>,
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
    /// The line of `view`. `news` is what it must say of its series; `None` leaves them out.
    pub(crate) fn new(view: &'a ScrapeView<'a>, news: Option<&News>) -> Self {
        let server = view.server();
        let error = view.meta.error.as_ref();
        let news = news.filter(|_| error.is_none());
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
            mono_ns: view.meta.mono_ns,
            scrape_metrics: view.meta.facts.map(|facts| ScrapeMetrics {
                up: u8::from(facts.up),
                scrape_duration_seconds: view.meta.latency_ns as f64 / 1e9,
                scrape_samples_scraped: facts.samples,
                scrape_body_size_bytes: facts.body_bytes,
            }),
            endpoint: view.meta.endpoint,
            page: view.meta.page,
            servers: view.meta.servers,
            schema: news
                .filter(|news| !news.series.is_empty())
                .map(|news| NewSchema::new(view.schema(), news)),
            series: Series(news.filter(|news| news.layout).map(|_| view)),
            values: Values(news.map(|_| view)),
        }
    }
}

impl<'a> NewSchema<'a> {
    fn new(schema: &'a Schema, news: &News) -> Self {
        let family = |row: &usize| {
            let family = &schema.families[*row];
            NewFamily {
                name: &family.name,
                kind: family.kind,
                help: &family.help,
                unit: &family.unit,
            }
        };
        let series = |id: &u32| {
            let series = &schema.series[*id as usize];
            NewSeries {
                id: *id,
                name: &series.name,
                family: &series.family,
                labels: Labels(series),
            }
        };
        Self {
            families: news.families.iter().map(family).collect(),
            series: news.series.iter().map(series).collect(),
        }
    }
}

// Those below serialize straight from the view: nothing is copied or allocated per sample.

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
        let ids = self.0.into_iter().flat_map(ScrapeView::ids);
        serializer.collect_seq(ids.map(|(series, _)| series))
    }
}

#[derive(Debug)]
struct Values<'a>(Option<&'a ScrapeView<'a>>);

impl Values<'_> {
    fn is_off(&self) -> bool {
        self.0.is_none()
    }
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ids = self.0.into_iter().flat_map(ScrapeView::ids);
        serializer.collect_seq(ids.map(|(_, value)| Number(value)))
    }
}

/// Labels of a series and those that describe its server, as they stand on the page.
#[derive(Debug)]
struct Labels<'a>(&'a SeriesEntry);

impl Serialize for Labels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.labels.iter().chain(&self.0.server_labels))
    }
}
