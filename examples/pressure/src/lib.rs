//! Collector `pressure`: pressure stall information of the Linux kernel, which says for how long
//! programs waited for a processor, for memory, or for a disk. A client that waits for its own
//! processor measures itself.

mod config;
mod page;

use std::path::Path;

use aiperf_plugin_sdk::prelude::*;

pub use config::{Config, Resource};

/// The collector. See the [crate].
#[derive(Debug)]
pub struct Pressure(Config);

impl Plugin for Pressure {
    const ID: &'static str = "pressure";
    const SUMMARY: &'static str = "For how long programs wait for processor, memory and disks.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn validate(config: &Config) -> Vec<PluginError> {
        config.problems()
    }

    fn open(config: Config, _host: &Host) -> Result<Self> {
        let folder = Path::new(&config.path);
        if !folder.is_dir() {
            let message = format!(
                "`{}` is not there: the kernel needs CONFIG_PSI",
                config.path
            );
            return Err(PluginError::new(ErrorKind::Unsupported, message));
        }
        Ok(Self(config))
    }
}

impl PollCollector for Pressure {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        page::describe(out.batch());
        for resource in &self.0.resources {
            let name = resource.name();
            let path = Path::new(&self.0.path).join(name);
            let read = std::fs::read_to_string(&path).map_err(PluginError::from);
            // One resource that cannot be read does not hide the others.
            if let Err(error) = read.and_then(|text| page::read(name, &text, out.batch())) {
                out.error(error.source(name));
            }
        }
        Ok(())
    }
}

export_plugin!(poll_collector Pressure);
