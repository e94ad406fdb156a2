//! A library of the past: built with an SDK that lacks a method.

use aiperf_plugin_sdk::export_plugin;
use aiperf_plugin_sdk::prelude::*;

/// No options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {}

/// Tells how old it is.
#[derive(Debug)]
pub struct Older(Host);

impl Plugin for Older {
    const ID: &'static str = "older";
    const SUMMARY: &'static str = "Was built with an older SDK.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Options;

    fn open(_: Options, host: &Host) -> Result<Self> {
        Ok(Self(host.clone()))
    }
}

impl PollCollector for Older {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        // Its SDK does not ask the host.
        let asks = self.0.time_left().is_some();
        out.batch()
            .gauge("older_asks", &[], f64::from(u8::from(asks)));
        Ok(())
    }
}
export_plugin!(poll_collector Older);
