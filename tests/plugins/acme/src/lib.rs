//! A vendor's library: all three kinds and all three collector modes in one file.

mod collectors;
mod exporter;
mod parser;

pub use collectors::{Pages, Pulse, Ticker};
pub use exporter::Journal;
pub use parser::Pairs;
