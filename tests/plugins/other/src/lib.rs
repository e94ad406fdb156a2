//! A library that must not be loaded: built with an SDK whose types differ.

use aiperf_plugin_sdk::export_plugin;
use aiperf_plugin_sdk::prelude::*;

/// No options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {}

/// Is never opened.
#[derive(Debug)]
pub struct Other;

impl Plugin for Other {
    const ID: &'static str = "other";
    const SUMMARY: &'static str = "Was built with an SDK that does not fit.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Options;

    fn open(_: Options, _: &Host) -> Result<Self> {
        Ok(Self)
    }
}

impl PollCollector for Other {
    fn collect(&mut self, _: &mut CollectorSink<'_>) -> Result<()> {
        Ok(())
    }
}
export_plugin!(poll_collector Other);
