//! Parser: Prometheus text 0.0.4 and OpenMetrics 1.0.
//!
//! One pass over the page, without copying it: names, labels and values become spans into the
//! text. A bad line costs that line and is reported with its number and reason; the rest is kept.
//! See the README for what is accepted beyond the formats' specifications, and why.

mod cursor;
mod exemplar;
mod families;
mod fault;
mod format;
mod labels;
mod line;
pub mod lint;
mod metadata;
mod names;
mod number;
mod page;
mod quote;
mod sink;

pub use format::Format;
pub use page::{MAX_PAGE_BYTES, parse_page};

use aiperf_plugin_sdk::prelude::*;

use crate::page::{Scratch, parse_with};

/// Options of the `prometheus` parser. There are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// The parser. It keeps memory between pages, and nothing that it read.
#[derive(Debug, Default)]
pub struct PrometheusParser {
    scratch: Scratch,
}

impl Plugin for PrometheusParser {
    const ID: &'static str = "prometheus";
    const SUMMARY: &'static str = "Prometheus text 0.0.4 and OpenMetrics 1.0 pages.";
    const STABILITY: Stability = Stability::Stable;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn open(_config: Config, _host: &Host) -> Result<Self> {
        Ok(Self::default())
    }
}

impl Parser for PrometheusParser {
    const CONTENT_TYPES: &'static [&'static str] = &["text/plain", "application/openmetrics-text"];

    fn sniff(&self, head: &[u8]) -> bool {
        format::looks_like_metrics(head)
    }

    fn parse(&mut self, payload: &Payload<'_>, batch: &mut Batch) -> Result<()> {
        let body = payload.body;
        if body.len() > MAX_PAGE_BYTES {
            return Err(PluginError::new(
                ErrorKind::Limit,
                format!(
                    "the page has {} bytes, at most {MAX_PAGE_BYTES} are read",
                    body.len()
                ),
            ));
        }
        parse_with(
            &mut self.scratch,
            body,
            Format::detect(payload.content_type, body),
            batch,
        );
        match (format::foreign(body), batch.len()) {
            (Some(what), 0) => Err(PluginError::new(
                ErrorKind::Format,
                format!("{what}, not a metrics page"),
            )),
            _ => Ok(()),
        }
    }
}

export_plugin!(parser PrometheusParser);
