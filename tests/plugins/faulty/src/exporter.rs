//! An exporter that does not behave.

use aiperf_plugin_sdk::prelude::*;

use crate::fault::{Bomb, Fault, Options};

/// Does not behave while the run goes on, or at its end.
#[derive(Debug)]
pub struct Wreck(Bomb);

impl Plugin for Wreck {
    const ID: &'static str = "faulty";
    const SUMMARY: &'static str = "Does not behave while it exports.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Options;

    fn open(options: Options, _: &Host) -> Result<Self> {
        Ok(Self(Bomb(Fault::open(&options))))
    }

    fn close(&mut self) -> Result<()> {
        self.0.0.panic_if(Fault::PanicClose);
        Ok(())
    }
}

impl Exporter for Wreck {
    fn begin(&mut self, _: &RunInfo) -> Result<()> {
        self.0.0.panic_if(Fault::PanicBegin);
        Ok(())
    }

    fn requests(&mut self, _: &RequestView<'_>) -> Result<()> {
        self.0.0.panic_if(Fault::PanicRequests);
        Ok(())
    }

    fn phase(&mut self, _: &PhaseEvent) -> Result<()> {
        self.0.0.panic_if(Fault::PanicPhase);
        Ok(())
    }

    fn scrape(&mut self, _: &ScrapeView<'_>) -> Result<()> {
        if self.0.0 == Fault::Storm {
            return Err(PluginError::new(ErrorKind::Io, "the disk is on fire"));
        }
        self.0.0.strike()
    }

    fn finish(&mut self, _: &Report) -> Result<()> {
        self.0.0.hang_if(Fault::HangAtEnd);
        self.0.0.panic_if(Fault::PanicFinish);
        Ok(())
    }
}
export_plugin!(exporter Wreck);
