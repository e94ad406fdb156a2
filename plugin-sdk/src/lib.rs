//! SDK for writing aiperf plugins: collectors bring data in, parsers read it, exporters carry it
//! out. Plugin authors need this crate only; they write safe, synchronous Rust.
//!
//! A complete collector:
//!
//! ```
//! use aiperf_plugin_sdk::prelude::*;
//!
//! /// Options of the `loadavg` collector.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// File to read.
//!     #[serde(default = "proc_loadavg")]
//!     path: String,
//! }
//! fn proc_loadavg() -> String {
//!     "/proc/loadavg".to_owned()
//! }
//!
//! struct LoadAvg(Config);
//!
//! impl Plugin for LoadAvg {
//!     const ID: &'static str = "loadavg";
//!     const SUMMARY: &'static str = "Load averages of this machine.";
//!     const VERSION: &'static str = env!("CARGO_PKG_VERSION");
//!     type Config = Config;
//!     fn open(config: Config, _host: &Host) -> Result<Self> {
//!         Ok(Self(config))
//!     }
//! }
//!
//! impl PollCollector for LoadAvg {
//!     fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
//!         let text = std::fs::read_to_string(&self.0.path)?;
//!         for (window, value) in ["1m", "5m", "15m"].iter().zip(text.split(' ')) {
//!             out.batch().gauge("node_load", &[("window", window)], value.parse()?);
//!         }
//!         Ok(())
//!     }
//! }
//! export_plugin!(poll_collector LoadAvg);
//! # fn main() {}
//! ```
//!
//! Built as a `cdylib` it is loaded by name from a config file; built as an `rlib` it is a
//! built-in. Hosts (aiperf itself, or a program that embeds plugins) use [`hosting`].

pub mod abi;
#[doc(hidden)]
pub mod adapters;
pub mod batch;
mod collector;
mod context;
mod descriptor;
pub mod display;
mod error;
mod exporter;
mod host;
pub mod hosting;
mod metric;
mod parser;
mod payload;
mod plugin;
pub mod registry;
pub mod report;
pub mod run;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
mod tls;
pub mod view;

pub use batch::Batch;
pub use collector::{
    CollectorMode, CollectorSink, PollCollector, Response, StreamCollector, Target, Targets,
    TargetsCollector, Verdict,
};
pub use context::Context;
pub use descriptor::{Described, Descriptor, PluginKind};
pub use error::{ErrorKind, PluginError, Result};
pub use exporter::{Exporter, ReportExporter};
pub use host::{Artifact, Host, HttpResponse, LogLevel, Wake};
pub use metric::MetricKind;
pub use parser::Parser;
pub use payload::Payload;
pub use plugin::{Plugin, Stability};
pub use run::{PhaseEvent, RunInfo};
pub use tls::TlsSettings;

pub use {schemars, serde, serde_json};

/// Version of this SDK. Plugins built with the same major version load.
pub const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Compiler that built this copy of the SDK.
pub const RUSTC_VERSION: &str = env!("AIPERF_RUSTC_VERSION");

#[doc(hidden)]
pub mod __private {
    pub use inventory;
}

/// What a plugin usually imports.
pub mod prelude {
    pub use crate::report::Report;
    pub use crate::time::PayloadClock;
    pub use crate::view::{RequestView, ScrapeView};
    pub use crate::{
        Artifact, Batch, CollectorSink, ErrorKind, Exporter, Host, LogLevel, MetricKind, Parser,
        Payload, PhaseEvent, Plugin, PluginError, PollCollector, ReportExporter, Response, Result,
        RunInfo, Stability, StreamCollector, Target, Targets, TargetsCollector, TlsSettings,
        Verdict, Wake, export_plugin,
    };
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
}
