//! The engine of aiperf: load generator, collection, statistics, report.
//!
//! It knows no plugin by name, prints nothing, reads no environment and never exits: whoever runs
//! it (the `aiperf` binary) hands in what it needs and gets a report, events and files back.

pub mod collect;
pub mod config;
pub mod event;
pub mod http;
pub mod load;
pub mod plugins;
pub mod report;
pub mod run;
pub mod stats;
pub mod store;
