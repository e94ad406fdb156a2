//! Parser `{id}`: reads `name value` lines. Put in their place your format.

mod config;

use aiperf_plugin_sdk::prelude::*;

pub use config::Config;

/// Keeps nothing between pages.
#[derive(Debug)]
pub struct {type}(Config);

impl Plugin for {type} {
    const ID: &'static str = "{id}";
    const SUMMARY: &'static str = "Lines of a name and a value.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn open(config: Config, _host: &Host) -> Result<Self> {
        Ok(Self(config))
    }
}

impl Parser for {type} {
    const CONTENT_TYPES: &'static [&'static str] = &["text/x-{dashed}"];

    fn parse(&mut self, payload: &Payload<'_>, batch: &mut Batch) -> Result<()> {
        for (number, line) in (1..).zip(std::str::from_utf8(payload.body)?.lines()) {
            let (name, value) = line.split_once(' ').unwrap_or((line, ""));
            match value.parse() {
                Ok(value) => batch.gauge(&format!("{}{name}", self.0.prefix), &[], value),
                Err(_) => batch.diagnostic(number, "not a name and a value"),
            }
        }
        Ok(())
    }
}

export_plugin!(parser {type});
