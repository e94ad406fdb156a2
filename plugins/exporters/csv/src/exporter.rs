//! Ties the tables to their files.

use aiperf_plugin_sdk::prelude::*;

use crate::{Config, render, render_slices};

/// The exporter. See the [crate](crate).
#[derive(Debug)]
pub struct Csv(Config);

impl Plugin for Csv {
    const ID: &'static str = "csv";
    const SUMMARY: &'static str = "Statistics as one CSV file in sections, for spreadsheets.";
    const STABILITY: Stability = Stability::Stable;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn validate(config: &Config) -> Vec<PluginError> {
        config.problems()
    }

    fn open(config: Config, _host: &Host) -> Result<Self> {
        Ok(Self(config))
    }
}

impl ReportExporter for Csv {
    fn files(&self) -> Vec<&str> {
        self.0.files()
    }

    fn render(&self, file: &str, report: &Report) -> Result<Option<Vec<u8>>> {
        if file == self.0.path {
            return render(report).map(Some);
        }
        let has_slices = !report.slices.is_empty();
        has_slices.then(|| render_slices(report)).transpose()
    }
}
