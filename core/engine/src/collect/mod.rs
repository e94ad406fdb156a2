//! The server side of a run: collectors, their schedule, barriers between phases.
//!
//! One thread with one asynchronous runtime drives all sources; it never runs plugin code.
//! Collector instances live on threads of their own, parsers on the ingest threads.

mod collection;
mod driver;
mod families;
mod fetch;
mod ingest;
mod instance;
mod poll;
mod schedule;
mod scrape;
mod settle;
mod tag;

pub use collection::{Collection, CollectionParts, StartError};
pub(crate) use fetch::fetch_once;
pub use schedule::TickOptions;
pub use settle::{Expected, SettleOptions};
pub use tag::Tag;
