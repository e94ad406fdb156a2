//! What the server counts, and the pages that show it.

mod bounds;
mod dcgm;
mod distribution;
mod dynamo;
mod family;
mod generic;
mod page;
mod pages;
mod process;
mod requests;
mod stats;
mod vllm;

pub(crate) use pages::{Format, Kind, LoopStats, Pages, SERVERS};
pub(crate) use requests::{Ended, Handler, Progress};
pub(crate) use stats::Stats;
