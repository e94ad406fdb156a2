//! A parser that does not behave.

use aiperf_plugin_sdk::prelude::*;

use crate::fault::{Bomb, Fault, Options};
use crate::garbage;

/// Does not behave when it parses.
#[derive(Debug)]
pub struct Mangler(Bomb, Host);

impl Plugin for Mangler {
    const ID: &'static str = "faulty";
    const SUMMARY: &'static str = "Does not behave when it parses.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Options;

    fn open(options: Options, host: &Host) -> Result<Self> {
        Ok(Self(Bomb(Fault::open(&options)), host.clone()))
    }

    fn close(&mut self) -> Result<()> {
        self.0.0.panic_if(Fault::PanicClose);
        self.0.0.hang_if(Fault::HangAtEnd);
        Ok(())
    }
}

impl Parser for Mangler {
    const CONTENT_TYPES: &'static [&'static str] = &[];

    fn parse(&mut self, _: &Payload<'_>, batch: &mut Batch) -> Result<()> {
        let fault = self.0.0;
        fault.strike()?;
        if fault == Fault::Wait {
            self.1.wait(std::time::Duration::MAX);
        }
        *batch = garbage::prepared(fault);
        garbage::fill(fault, batch);
        Ok(())
    }
}
export_plugin!(parser Mangler);
