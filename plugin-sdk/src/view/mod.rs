//! What exporters see while the run goes on: scrapes with values by id, and finished requests.

mod request;
mod scrape;
mod wire;

pub use request::{Outcome, RequestBlock, RequestRow, RequestView};
pub use scrape::{
    Barrier, FamilyEntry, KeyEntry, Schema, SchemaDelta, ScrapeFacts, ScrapeMeta, ScrapeRecord,
    ScrapeView, SeriesEntry, ServerEntry,
};
