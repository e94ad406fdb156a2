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
        let target = Target {
            id: "{id}".to_owned(),
            url: self.0.url.clone(),
            ..Target::default()
        };
        Ok(Targets {
            generation: 1,
            targets: vec![target],
        })
    }
}

export_plugin!(targets_collector {type});
