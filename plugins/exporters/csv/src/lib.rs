//! Exporter `csv`: statistics as one CSV file in sections, for spreadsheets.
//!
//! [`render`] turns a report into the file's bytes.

mod cell;
mod config;
mod exporter;
mod metric;
mod render;
mod sheet;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use exporter::Csv;
pub use render::render;

aiperf_plugin_sdk::export_plugin!(exporter Csv);
