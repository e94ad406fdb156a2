//! What exporters are told, in memory and put aside on disk.

use std::sync::Arc;

use aiperf_plugin_sdk::report::Report;
use aiperf_plugin_sdk::view::{RequestBlock, ScrapeRecord};
use aiperf_plugin_sdk::{ErrorKind, PhaseEvent, PluginError, Result};

/// Something that happened while the run goes on.
#[derive(Debug, Clone)]
pub(super) enum Update {
    Scrape(Arc<ScrapeRecord>),
    Requests(Arc<RequestBlock>),
    Phase(Arc<PhaseEvent>),
}

/// How it ends.
#[derive(Debug, Clone)]
pub(super) enum End {
    Finish(Arc<Report>),
    Abort(Arc<str>),
}

const SCRAPE: u8 = 0;
const REQUESTS: u8 = 1;
const PHASE: u8 = 2;

impl Update {
    /// Bytes that it takes in memory, roughly. Exporters share them: each counts them in full.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Scrape(record) => record.weight(),
            Self::Requests(block) => block.weight(),
            Self::Phase(_) => size_of::<PhaseEvent>(),
        }
    }

    /// As bytes, for [`Update::from_bytes`].
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.weight());
        match self {
            Self::Scrape(record) => {
                bytes.push(SCRAPE);
                record.to_bytes(&mut bytes)?;
            }
            Self::Requests(block) => {
                bytes.push(REQUESTS);
                block.to_bytes(&mut bytes);
            }
            Self::Phase(event) => {
                bytes.push(PHASE);
                serde_json::to_writer(&mut bytes, event.as_ref())?;
            }
        }
        Ok(bytes)
    }

    /// What [`Update::to_bytes`] wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        match bytes.split_first() {
            Some((&SCRAPE, rest)) => Ok(Self::Scrape(ScrapeRecord::from_bytes(rest)?.into())),
            Some((&REQUESTS, rest)) => Ok(Self::Requests(RequestBlock::from_bytes(rest)?.into())),
            Some((&PHASE, rest)) => Ok(Self::Phase(Arc::new(serde_json::from_slice(rest)?))),
            _ => Err(PluginError::new(ErrorKind::Format, "no update")),
        }
    }
}
