//! The server side of a run: collectors, their schedule, barriers between phases.
//!
//! One thread with one asynchronous runtime drives all sources; it never runs plugin code.
//! Collector instances live on threads of their own, parsers on the ingest threads.
//!
//! In the order of a run:
//!
//! | module | does |
//! |---|---|
//! | `collection` | what the dispatcher calls |
//! | `opener`, `instance` | open a collector on its own thread, again with back-off if it may fail |
//! | `roster` | who takes part; grows when a collector opens late |
//! | `driver`, `schedule` | one task per source: ticks between barriers, one reading at a time |
//! | `target_list` | which targets a collector names; it may name others later |
//! | `access`, `scrape`, `fetch` | read one HTTP target |
//! | `poll`, `stream`, `route` | read collectors that bring their data themselves |
//! | `limits` | how much of it they may bring at once |
//! | `ingest`, `parsers`, `sinks` | bytes to batches, to the store, to the exporters |
//! | `barrier`, `tag` | one reading of all, and which phase it belongs to |
//! | `settling`, `settle`, `families` | when counters are final after a phase |
//! | `lateness` | how late the tool itself was |
//! | `unverified` | whose certificates are not checked |

mod access;
mod barrier;
mod collection;
mod context;
mod driver;
mod fetch;
mod ingest;
mod instance;
mod lateness;
mod limits;
mod once;
mod opener;
mod parsers;
mod parts;
mod poll;
mod redirects;
mod roster;
mod route;
mod schedule;
mod scrape;
mod settle;
mod settling;
mod sinks;
mod stream;
mod tag;
mod target_list;
#[cfg(test)]
mod tests;
mod unverified;

pub use collection::Collection;
pub use once::fetch_once;
pub use parts::{CollectionParts, StartError};
pub use schedule::TickOptions;
pub use settle::{Expected, SettleOptions};
pub use tag::Tag;
