//! Ties the text to standard output.

use std::io::Write;

use aiperf_plugin_sdk::prelude::*;

use crate::{Config, render};

/// Name of standard output among the files of a run.
const STDOUT: &str = "-";

/// The exporter. See the [crate](crate).
#[derive(Debug)]
pub struct Console {
    config: Config,
    host: Host,
    run: RunInfo,
    out: Option<Artifact>,
}

impl Plugin for Console {
    const ID: &'static str = "console";
    const SUMMARY: &'static str = "Tables for people on standard output.";
    const STABILITY: Stability = Stability::Experimental;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn open(config: Config, host: &Host) -> Result<Self> {
        Ok(Self {
            config,
            host: host.clone(),
            run: RunInfo::default(),
            out: None,
        })
    }
}

impl Exporter for Console {
    fn begin(&mut self, run: &RunInfo) -> Result<()> {
        self.run = run.clone();
        self.out = Some(self.host.artifact(STDOUT)?);
        Ok(())
    }

    fn finish(&mut self, report: &Report) -> Result<()> {
        let Some(mut out) = self.out.take() else {
            return Ok(());
        };
        out.write_all(render(report, &self.run, &self.config).as_bytes())?;
        out.commit()
    }
}
