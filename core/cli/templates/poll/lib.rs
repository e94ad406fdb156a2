//! Collector `{id}`: load averages of this machine. Put in their place what you want to read.

mod config;

use aiperf_plugin_sdk::prelude::*;

pub use config::Config;

/// Reads when it is called, once every interval.
#[derive(Debug)]
pub struct {type}(Config);

impl Plugin for {type} {
    const ID: &'static str = "{id}";
    const SUMMARY: &'static str = "Load averages of this machine.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn open(config: Config, _host: &Host) -> Result<Self> {
        Ok(Self(config))
    }
}

impl PollCollector for {type} {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        let text = std::fs::read_to_string(&self.0.path)?;
        for (window, value) in ["1m", "5m", "15m"].iter().zip(text.split(' ')) {
            let labels = [("window", *window)];
            out.batch().gauge("{id}_load", &labels, value.parse()?);
        }
        Ok(())
    }
}

export_plugin!(poll_collector {type});
