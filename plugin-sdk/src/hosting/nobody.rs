//! The host of a plugin that is only asked about its options, and where nothing can be put.

use std::time::Duration;

use crate::batch::BatchView;
use crate::hosting::{FileServices, HostServices, SinkServices};
use crate::time::Instant2;
use crate::{ErrorKind, LogLevel, Payload, PluginError, Result, Wake};

/// Lends nothing, takes nothing.
#[derive(Debug)]
pub struct Nobody;

impl HostServices for Nobody {
    fn log(&self, _: LogLevel, _: &str) {}

    fn now(&self) -> Instant2 {
        Instant2::default()
    }

    fn artifact(&self, _: &str, _: bool) -> Result<Box<dyn FileServices>> {
        Err(PluginError::new(
            ErrorKind::Unsupported,
            "there is no run yet",
        ))
    }

    fn wait(&self, _: Duration) -> Wake {
        Wake::Stop
    }
}

impl SinkServices for Nobody {
    fn payload(&mut self, _: &Payload<'_>) -> Result<()> {
        Err(no_reading())
    }

    fn batch(&mut self, _: &str, _: &BatchView<'_>) -> Result<()> {
        Err(no_reading())
    }

    fn error(&mut self, _: PluginError) {}
}

fn no_reading() -> PluginError {
    PluginError::new(ErrorKind::Unsupported, "nothing is being read")
}
