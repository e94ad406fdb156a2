//! A parser that does not behave.

use aiperf_plugin_sdk::prelude::*;

use crate::fault::{Bomb, Fault, Options};

/// Does not behave when it parses.
#[derive(Debug)]
pub struct Mangler(Bomb);

impl Plugin for Mangler {
    const ID: &'static str = "faulty";
    const SUMMARY: &'static str = "Does not behave when it parses.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Options;

    fn open(options: Options, _: &Host) -> Result<Self> {
        Ok(Self(Bomb(Fault::open(&options))))
    }
}

impl Parser for Mangler {
    const CONTENT_TYPES: &'static [&'static str] = &[];

    fn parse(&mut self, _: &Payload<'_>, batch: &mut Batch) -> Result<()> {
        self.0.0.strike()?;
        batch.gauge("faulty_value", &[], 1.0);
        Ok(())
    }
}
export_plugin!(parser Mangler);
