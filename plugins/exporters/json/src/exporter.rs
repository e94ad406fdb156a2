//! Ties the document to its file.

use aiperf_plugin_sdk::prelude::*;

use crate::{Config, Document};

/// The exporter. See the [crate](crate).
#[derive(Debug)]
pub struct Json(Config);

impl Plugin for Json {
    const ID: &'static str = "json";
    const SUMMARY: &'static str = "The whole report as one JSON document, for programs.";
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

impl ReportExporter for Json {
    fn files(&self) -> Vec<&str> {
        vec![&self.0.path]
    }

    fn render(&self, _file: &str, report: &Report) -> Result<Option<Vec<u8>>> {
        Document::new(report).to_bytes().map(Some)
    }
}
