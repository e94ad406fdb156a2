//! Everything that a plugin can do wrong, by option; while loading, by the variable `FAULTY`.

mod collectors;
mod exporter;
mod fault;
mod garbage;
mod gossip;
mod loading;
mod parser;
mod targets;

pub use collectors::{Polled, Pushed};
pub use exporter::Wreck;
pub use fault::{Fault, Options};
pub use gossip::{Confidence, Diary, Gossip};
pub use parser::Mangler;
pub use targets::Scraped;
