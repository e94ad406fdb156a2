//! `name value` lines.

use aiperf_plugin_sdk::prelude::*;

use crate::collectors::NoOptions;

/// Reads `name value` lines.
#[derive(Debug)]
pub struct Pairs;

impl Plugin for Pairs {
    const ID: &'static str = "acme_pairs";
    const SUMMARY: &'static str = "Reads lines of a name and a value.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = NoOptions;

    fn open(_: NoOptions, _: &Host) -> Result<Self> {
        Ok(Self)
    }
}

impl Parser for Pairs {
    const CONTENT_TYPES: &'static [&'static str] = &["text/acme"];

    fn parse(&mut self, payload: &Payload<'_>, batch: &mut Batch) -> Result<()> {
        let text = std::str::from_utf8(payload.body)?;
        for line in text.lines() {
            match line.split_once(' ') {
                Some((name, value)) => batch.gauge(name, &[], value.parse()?),
                None => batch.diagnostic(0, "no value"),
            }
        }
        Ok(())
    }
}
export_plugin!(parser Pairs);
