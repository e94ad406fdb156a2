//! Ties the document to its file.

use std::io::Write;

use aiperf_plugin_sdk::prelude::*;

use crate::{Config, Document};

/// The exporter. See the [crate](crate).
#[derive(Debug)]
pub struct Json {
    config: Config,
    host: Host,
    file: Option<Artifact>,
}

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

    fn open(config: Config, host: &Host) -> Result<Self> {
        Ok(Self {
            config,
            host: host.clone(),
            file: None,
        })
    }
}

impl Exporter for Json {
    fn begin(&mut self, _run: &RunInfo) -> Result<()> {
        self.file = Some(self.host.atomic_artifact(&self.config.path)?);
        Ok(())
    }

    fn finish(&mut self, report: &Report) -> Result<()> {
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        file.write_all(&Document::new(report).to_bytes()?)?;
        file.commit()
    }

    fn abort(&mut self, _reason: &str) -> Result<()> {
        self.file.take().map_or(Ok(()), Artifact::discard)
    }
}
