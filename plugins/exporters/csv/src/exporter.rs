//! Ties the table to its file.

use std::io::Write;

use aiperf_plugin_sdk::prelude::*;

use crate::{Config, render};

/// The exporter. See the [crate](crate).
#[derive(Debug)]
pub struct Csv {
    config: Config,
    host: Host,
    file: Option<Artifact>,
}

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

    fn open(config: Config, host: &Host) -> Result<Self> {
        Ok(Self {
            config,
            host: host.clone(),
            file: None,
        })
    }
}

impl Exporter for Csv {
    fn begin(&mut self, _run: &RunInfo) -> Result<()> {
        self.file = Some(self.host.atomic_artifact(&self.config.path)?);
        Ok(())
    }

    fn finish(&mut self, report: &Report) -> Result<()> {
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        file.write_all(&render(report)?)?;
        file.commit()
    }

    fn abort(&mut self, _reason: &str) -> Result<()> {
        self.file.take().map_or(Ok(()), Artifact::discard)
    }
}
