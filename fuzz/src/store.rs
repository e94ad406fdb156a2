//! The store behind a parser.

use aiperf_core::store::{EndpointInfo, ScrapeInfo, Store, StoreOptions};
use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::view::Barrier;

/// The store takes a page twice: the second time all of it is known.
pub(crate) fn take(page: &BatchView<'_>) {
    let mut store = Store::new(StoreOptions::default());
    let endpoint = store.add_endpoint(EndpointInfo::default());
    let mut series = Vec::new();
    for barrier in [Barrier::Start, Barrier::Tick] {
        let info = ScrapeInfo {
            phase: Some(0),
            barrier,
            ..ScrapeInfo::default()
        };
        store.scrape(endpoint, &info, page);
        series.push(store.series_count());
    }
    assert_eq!(series[0], series[1], "nothing is new on the same page");
}
