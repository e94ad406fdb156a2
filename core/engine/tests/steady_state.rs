//! Once all series are known, a page costs as many allocations as any other, whatever its size.

use aiperf_core::store::{EndpointInfo, ScrapeInfo, Store, StoreOptions};
use aiperf_plugin_sdk::Batch;

/// A page of `n` gauges.
fn page(n: u32, value: f64) -> Batch {
    let mut batch = Batch::new();
    for at in 0..n {
        batch.gauge(&format!("g{at}"), &[], value + f64::from(at));
    }
    batch
}

/// Allocations of `pages` more pages of `n` known series.
fn allocations(n: u32, pages: u32) -> u64 {
    let mut store = Store::new(StoreOptions::default());
    let id = store.add_endpoint(EndpointInfo::default());
    let mut scrape = |number: u32| {
        let info = ScrapeInfo {
            phase: Some(0),
            ..ScrapeInfo::default()
        };
        // Whole numbers, one byte each.
        let batch = page(n, f64::from(number % 7));
        let mut counted = 0;
        let read = batch.read(&[], |view| {
            let measured = allocation_counter::measure(|| drop(store.scrape(id, &info, view)));
            counted = measured.count_total;
        });
        read.expect("the page is whole");
        counted
    };
    for number in 0..40 {
        scrape(number);
    }
    (40..40 + pages).map(scrape).sum()
}

#[test]
fn a_page_of_known_series_allocates_nothing_per_sample() {
    let (small, large) = (allocations(500, 20), allocations(4_000, 20));
    // Blocks of 480 bytes begin now and then, and lists grow by doubling: far below one per sample.
    assert!(small < 20 * 100, "{small}");
    assert!(large < 20 * 4_000 / 20, "{large}");
}
