//! A library to come: built with an SDK that has more, of which it makes use.

use aiperf_plugin_sdk::export_plugin;
use aiperf_plugin_sdk::prelude::*;

/// No options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {}

/// Asks the host for what this one does not have.
#[derive(Debug)]
pub struct Newer(Host);

impl Plugin for Newer {
    const ID: &'static str = "newer";
    const SUMMARY: &'static str = "Was built with a newer SDK.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Options;

    fn open(_: Options, host: &Host) -> Result<Self> {
        Ok(Self(host.clone()))
    }
}

impl PollCollector for Newer {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        let asks = self.0.time_left().is_some();
        out.batch()
            .gauge("newer_asks", &[], f64::from(u8::from(asks)));
        Ok(())
    }
}
export_plugin!(poll_collector Newer);

/// Of a kind that this host does not know.
#[derive(Debug)]
pub struct Oracle;

impl Plugin for Oracle {
    const ID: &'static str = "delphi";
    const SUMMARY: &'static str = "Is a plugin of a kind to come.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Options;

    fn open(_: Options, _: &Host) -> Result<Self> {
        Ok(Self)
    }
}

impl Parser for Oracle {
    const CONTENT_TYPES: &'static [&'static str] = &[];

    fn parse(&mut self, _: &Payload<'_>, _: &mut Batch) -> Result<()> {
        Ok(())
    }
}
export_plugin!(parser Oracle);
