//! The engine of aiperf: load generator, collection, statistics, report.
//!
//! It knows no plugin by name, prints nothing, reads no environment and never exits: whoever runs
//! it (the `aiperf` binary) hands in what it needs and gets a report, events and files back.

//!
//! # Examples
//!
//! A program of its own runs a benchmark and reads the numbers. Here against a simulated server, and
//! without plugins: settings that name exporters and collectors use those that are linked.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::{Arc, Mutex};
//!
//! use aiperf_core::config::{Command, ConfigFile, Context, Layers, Trust};
//! use aiperf_core::event::{Event, EventSink, Events};
//! use aiperf_core::load::StopSignal;
//! use aiperf_core::plugins::Registry;
//! use aiperf_core::run::{Recording, RUN_FILE, RunParts};
//! use aiperf_plugin_sdk::run::Terminal;
//!
//! struct Progress;
//!
//! impl EventSink for Progress {
//!     fn event(&self, event: &Event) {
//!         if let Event::Phase(phase) = event {
//!             assert_eq!(phase.name, "profiling");
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = aiperf_sim::Sim::start(aiperf_sim::SimConfig::default())?;
//! let folder = tempfile::tempdir()?;
//! let settings = format!(
//!     "endpoint.url = {:?}\nload.request_count = 10\nload.osl = 4.0\nrun.artifact_dir = {:?}",
//!     server.url(),
//!     folder.path(),
//! );
//! let registry = Registry::with_builtins()?;
//! let mut layers = Layers::new(BTreeMap::new());
//! layers.add_file(ConfigFile {
//!     name: "settings",
//!     text: &settings,
//!     trust: Trust::Named,
//! });
//! let plan = layers.resolve(&Context {
//!     command: Command::Profile,
//!     catalog: &registry,
//!     fresh_seed: 1,
//! })?;
//! let outcome = aiperf_core::run::run(
//!     &plan,
//!     &RunParts {
//!         registry: Arc::new(registry),
//!         events: Events::new(Arc::new(Progress)),
//!         stop: StopSignal::new(),
//!         stdout: Arc::new(Mutex::new(Vec::new())),
//!         terminal: Terminal::default(),
//!         version: "1.0",
//!     },
//! )?;
//! let ttft = &outcome.report.llm_metrics["time_to_first_token"];
//! assert_eq!((ttft.n, ttft.unit.as_str()), (10, "ms"));
//!
//! // A recorded run gives its report again; this one had no exporter that records requests.
//! let recording = Recording {
//!     run: outcome.artifact_dir.join(RUN_FILE),
//!     scrapes: None,
//!     requests: None,
//! };
//! let again = recording.recompute(None, None)?;
//! assert_eq!(again.report.metadata, outcome.report.metadata);
//! assert_eq!(again.gaps[0].code, "recording_missing");
//! # Ok(())
//! # }
//! ```

pub mod collect;
pub mod config;
pub mod event;
pub mod http;
pub mod knowledge;
pub mod load;
pub mod plugins;
mod priority;
pub mod read;
pub mod report;
pub mod run;
mod secrets;
pub mod stats;
pub mod store;
pub mod sweep;

pub use secrets::Secrets;
