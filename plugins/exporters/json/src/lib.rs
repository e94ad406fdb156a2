//! Exporter `json`: the whole report as one JSON document, for programs.
//!
//! [`Document`] is the format and [`schema`] describes it to other tools; `schema.json` is the
//! same text.

mod config;
mod document;
mod exporter;
mod keyed;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use document::{Document, Endpoint, Metadata, Server, ServerMetrics, Summary, schema};
pub use exporter::Json;

aiperf_plugin_sdk::export_plugin!(report_exporter Json);
