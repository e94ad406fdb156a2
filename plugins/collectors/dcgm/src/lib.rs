//! Collector: GPUs, as DCGM exporters show them.
//!
//! It only decides *where* exporters are and what an answer means; the host makes the requests, the
//! parser for Prometheus pages reads them. Pure functions decide: `targets` turns options into targets,
//! `search` says whether an endpoint that nobody named is a DCGM exporter.

mod config;
mod search;
mod targets;

pub use config::Config;

use std::collections::HashMap;

use aiperf_plugin_sdk::prelude::*;

use crate::search::Search;

/// The collector.
#[derive(Debug)]
pub struct DcgmCollector {
    targets: Vec<Target>,
    /// By id of the target.
    searches: HashMap<String, Search>,
}

impl Plugin for DcgmCollector {
    const ID: &'static str = "dcgm";
    const SUMMARY: &'static str = "Scrapes GPUs from DCGM exporters.";
    const STABILITY: Stability = Stability::Experimental;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn validate(config: &Config) -> Vec<PluginError> {
        targets::targets(config).err().unwrap_or_default()
    }

    fn open(config: Config, _host: &Host) -> Result<Self> {
        match targets::targets(&config) {
            Ok(targets) => Ok(Self {
                searches: targets
                    .iter()
                    .map(|target| (target.id.clone(), Search::new(target.automatic)))
                    .collect(),
                targets,
            }),
            Err(mut errors) => Err(errors.swap_remove(0)),
        }
    }
}

impl TargetsCollector for DcgmCollector {
    fn targets(&mut self) -> Result<Targets> {
        Ok(Targets::new(1, self.targets.clone()))
    }

    fn on_response(&mut self, response: &Response<'_>) -> Verdict {
        let search = self.searches.get_mut(response.target_id);
        search.map_or(Verdict::Keep, |search| search.on_answer(response))
    }
}

export_plugin!(targets_collector DcgmCollector);
