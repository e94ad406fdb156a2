//! What users write. The doc comments are the reference text, the defaults are the defaults, and
//! the JSON schema made of these types is what every layer is checked against.

mod endpoint;
mod goodput;
mod instances;
mod knowledge;
mod load;
mod prompts;
mod proxy;
mod run;
mod server_metrics;
mod sweep;
mod tls;

use std::sync::OnceLock;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use endpoint::{ConnectionReuse, EndpointConfig, SpokenVersion};
pub use goodput::GoodputConfig;
pub use instances::{
    CollectorConfig, ExporterConfig, Isolation, OnStartError, Options, ParserConfig,
    PluginFileConfig,
};
pub use knowledge::{AggregateConfig, DerivedConfig, PairConfig, UserKnowledge};
pub use load::{ArrivalPattern, LoadConfig, RateOf, RatePoint};
pub use prompts::{DatasetType, PromptsConfig, SamplingStrategy};
pub use proxy::ProxyConfig;
pub use run::{CollectConfig, RunConfig, Ui};
pub use server_metrics::ServerMetricsConfig;
pub use sweep::{SearchConfig, SweepConfig, SweepMode};
pub use tls::TlsConfig;

/// Everything that a config file can hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The inference server that is benchmarked.
    pub endpoint: EndpointConfig,
    /// The requests that are sent.
    pub load: LoadConfig,
    /// What requests ask, beside the lengths in `[load]`.
    pub prompts: PromptsConfig,
    /// What an answer has to keep, all of it, to be a good one. With any limit the report has `goodput`,
    /// good requests per second. See `docs/metrics.md`, *Goodput*.
    pub goodput: GoodputConfig,
    /// Metrics of the server side, found automatically or by URL.
    pub server_metrics: ServerMetricsConfig,
    /// Whom `https` connections trust, to the inference server and to metrics endpoints alike.
    pub tls: TlsConfig,
    /// Proxies between this machine and the servers, the inference server and metrics endpoints alike.
    pub proxy: ProxyConfig,
    /// `aiperf collect`: metrics without load.
    pub collect: CollectConfig,
    /// Further sources, one table each: `[collectors.NAME]`. Endpoints with labels, tokens or TLS of their
    /// own are `targets` of the plugin `prometheus`; `aiperf plugins show ID` lists the options of each
    /// plugin.
    pub collectors: IndexMap<String, CollectorConfig>,
    /// Parsers with options of their own, one table each: `[parsers.NAME]`.
    pub parsers: IndexMap<String, ParserConfig>,
    /// What is written, one table each: `[exporters.NAME]`.
    pub exporters: IndexMap<String, ExporterConfig>,
    /// Families of servers that the tool does not know, beside the client's numbers, one table each:
    /// `[pairs.NAME]`. See `docs/metrics.md`, *Client beside server*.
    pub pairs: IndexMap<String, PairConfig>,
    /// How families are combined over several servers, one table each: `[aggregates.NAME]`. Counters
    /// and histograms are added without being named. See `docs/metrics.md`, *Aggregates*.
    pub aggregates: IndexMap<String, AggregateConfig>,
    /// Numbers made of what servers and clients say, one table each: `[derived.NAME]`. See
    /// `docs/metrics.md`, *Derived*.
    pub derived: IndexMap<String, DerivedConfig>,
    /// Plugin libraries, one table each: `[plugins.NAME]`. Honored only in files that are named by
    /// `--config` or `AIPERF_CONFIG`; in an `aiperf.toml` that just lies there they are an error. A
    /// library is native code with all rights of the user, so a file that others may write is refused.
    /// All plugins of a library can then be used; an id that exists already is an error.
    pub plugins: IndexMap<String, PluginFileConfig>,
    /// Several runs in a row, of one load or of several. See `docs/sweeps.md`.
    pub sweep: SweepConfig,
    /// Limits, files and display of the run itself.
    pub run: RunConfig,
}

/// JSON schema of [`Config`], made once.
pub fn json_schema() -> &'static serde_json::Value {
    static SCHEMA: OnceLock<serde_json::Value> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(Config).to_value())
}

/// Schema of a text that has to be an HTTP URL.
#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "aiperf-url"))]
struct UrlText(#[expect(dead_code, reason = "only its schema is used")] String);
