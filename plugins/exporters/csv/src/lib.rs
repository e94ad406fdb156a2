//! Exporter `csv`: statistics as one CSV file in sections, for spreadsheets.
//!
//! [`render`] turns a report into the bytes of the table, [`render_slices`] into those of the time
//! slices.

mod cell;
mod config;
mod device_sections;
mod exporter;
mod metric;
mod render;
mod run_sections;
mod sheet;
mod slices;
mod steady_sections;
#[cfg(test)]
mod tests;
mod truth_sections;

pub use config::Config;
pub use exporter::Csv;
pub use render::render;
pub use slices::render_slices;

aiperf_plugin_sdk::export_plugin!(report_exporter Csv);
