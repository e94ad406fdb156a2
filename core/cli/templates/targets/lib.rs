//! Collector `{id}`: names a URL that aiperf scrapes. Put in its place how you find yours.

mod config;

use aiperf_plugin_sdk::prelude::*;

pub use config::Config;

/// Says where to read; aiperf reads, and a parser knows the format.
#[derive(Debug)]
pub struct {type}(Config);

impl Plugin for {type} {
    const ID: &'static str = "{id}";
    const SUMMARY: &'static str = "Metrics pages that it names.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn open(config: Config, _host: &Host) -> Result<Self> {
        Ok(Self(config))
    }
}

impl TargetsCollector for {type} {
    fn targets(&mut self) -> Result<Targets> {
        Ok(Targets::new(1, [Target::new("{id}", &self.0.url)]))
    }
}

export_plugin!(targets_collector {type});
