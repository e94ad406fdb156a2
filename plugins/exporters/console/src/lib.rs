//! Exporter `console`: the report as tables on standard output, for people.
//!
//! The only exporter that rounds and scales. [`render`] turns a report into text.

mod config;
mod devices;
mod exporter;
mod families;
mod layout;
mod number;
mod paint;
mod pairs;
mod render;
mod rows;
mod run_facts;
mod selection;
mod server_summary;
mod slices;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use config::{Config, Rows, Show};
pub use exporter::Console;
pub use render::render;

aiperf_plugin_sdk::export_plugin!(exporter Console);
