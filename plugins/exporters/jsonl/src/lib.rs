//! Exporter `jsonl`: one JSON line per scrape per server and one per request, streamed while the
//! run goes on. A crash loses at most the scrape that was being written.
//!
//! [`ScrapeLine`] and [`RequestLine`] are the two formats; `schema.json` and
//! `requests.schema.json` describe them to other tools.

mod config;
mod explained;
mod exporter;
mod number;
mod request;
mod scrape;
mod sink;
#[cfg(test)]
mod tests;

pub use config::{Config, Level, SeriesDetail};
pub use exporter::Jsonl;
pub use request::{RequestError, RequestLine};
pub use scrape::{ErrorDetails, NewFamily, NewSchema, NewSeries, ScrapeLine, ScrapeMetrics};

aiperf_plugin_sdk::export_plugin!(exporter Jsonl);
