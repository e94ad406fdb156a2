//! Collector: scrapes Prometheus and OpenMetrics endpoints.
//!
//! It only decides *where* metrics are and what an answer means; the host makes the requests. All
//! decisions are pure functions: `plan` turns options into targets, `classify` says what an
//! answer is, `search` says where to look next.

mod address;
mod classify;
mod config;
mod headers;
mod plan;
mod search;
mod targets;

pub use config::{BasicAuth, Config, Prefer, TargetConfig};

use aiperf_plugin_sdk::prelude::*;

use crate::targets::TargetSet;

/// The collector.
#[derive(Debug)]
pub struct PrometheusCollector {
    set: TargetSet,
}

impl Plugin for PrometheusCollector {
    const ID: &'static str = "prometheus";
    const SUMMARY: &'static str = "Scrapes Prometheus and OpenMetrics endpoints.";
    const STABILITY: Stability = Stability::Stable;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn validate(config: &Config) -> Vec<PluginError> {
        plan::plan(config).err().unwrap_or_default()
    }

    fn open(config: Config, _host: &Host) -> Result<Self> {
        match plan::plan(&config) {
            Ok(plans) => Ok(Self {
                set: TargetSet::new(plans, config.prefer),
            }),
            Err(mut errors) => Err(errors.swap_remove(0)),
        }
    }
}

impl TargetsCollector for PrometheusCollector {
    fn targets(&mut self) -> Result<Targets> {
        Ok(self.set.targets())
    }

    fn on_response(&mut self, response: &Response<'_>) -> Verdict {
        self.set.on_response(response)
    }
}

export_plugin!(targets_collector PrometheusCollector);
