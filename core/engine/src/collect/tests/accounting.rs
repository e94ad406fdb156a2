//! What is said of an endpoint, against a naive count of what was seen.

use std::thread;
use std::time::Duration;

use aiperf_plugin_sdk::report::ScrapeCounts;
use aiperf_plugin_sdk::view::ScrapeMeta;

use super::bench::{Bench, page};
use crate::http::testing::{Answer, RawServer};
use crate::store::EndpointId;

/// Compares the store's account with the records that came out.
fn check(bench: &Bench, records: &[ScrapeMeta]) -> ScrapeCounts {
    let store = bench.store();
    let view = store.endpoint(EndpointId(0));
    let errors: Vec<_> = records.iter().filter_map(|r| r.error.as_ref()).collect();
    let latencies: Vec<_> = records
        .iter()
        .filter(|record| record.error.is_none())
        .map(|record| record.latency_ns)
        .collect();
    let counts = view.scrape_counts();
    assert_eq!(counts.done, latencies.len() as u64);
    assert_eq!(counts.failed, errors.len() as u64);
    assert_eq!(counts.due, counts.done + counts.failed + counts.skipped);
    let mean = latencies.iter().sum::<i64>() as f64 / latencies.len() as f64;
    let max = latencies.iter().max().copied();
    assert_eq!(
        view.latency_ns().map(|(mean, _)| mean.to_bits()),
        Some(mean.to_bits())
    );
    assert_eq!(view.latency_ns().map(|(_, max)| max), max);
    let (first, last) = view.failures();
    assert_eq!(
        (first, last),
        (errors.first().copied(), errors.last().copied())
    );
    counts
}

/// Slow, failing, unreadable, hanging, well again.
#[test]
fn an_endpoint_with_all_kinds_of_trouble() {
    let slow = Duration::from_millis(30);
    let server = RawServer::start(move |number, _| match number {
        1 => {
            thread::sleep(slow);
            page(2)
        }
        2 | 5 => Answer::respond("503 Service Unavailable", "text/plain", "loading"),
        3 => page("no number"),
        4 => Answer::SendAndHang(Vec::new()),
        n => page(n),
    });
    let timeout = Duration::from_millis(500);
    let interval = Duration::from_millis(5);
    let bench = Bench::new("all trouble").targets(&[server.url()], interval, timeout);
    let mut collection = bench.start().unwrap();
    for phase in 0..4 {
        collection.begin_phase(phase);
    }
    collection.tick(4, bench.clock.now());
    bench.until(0, |counts| counts.done >= 5);
    collection.rest();
    collection.final_reading(4);
    let records = bench.finish(collection);
    let counts = check(&bench, &records);
    assert_eq!(counts.failed, 4);
    let classes: Vec<_> = records
        .iter()
        .filter_map(|record| record.error.as_ref())
        .map(|error| (error.code, error.class.as_str()))
        .collect();
    let unavailable = (503, "http_503");
    assert_eq!(
        classes,
        [unavailable, (200, "format"), (0, "timeout"), unavailable]
    );
    assert!(
        counts.skipped > 0,
        "the hanging request lasted 100 intervals"
    );
    assert_eq!(server.requests().len() as u64, counts.done + counts.failed);
    let store = bench.store();
    let (_, slowest) = store.endpoint(EndpointId(0)).latency_ns().unwrap();
    assert!(slowest >= i64::try_from(slow.as_nanos()).unwrap());
}

#[test]
fn ticks_that_start_late_are_counted_and_measured() {
    let server = RawServer::always(page(1));
    let second = Duration::from_secs(1);
    let bench = Bench::new("late ticks").targets(&[server.url()], second * 60, second);
    let collection = bench.start().unwrap();
    let now = bench.clock.now();
    // The first tick is due at the start, which is 10 s ago: past a tenth of the minute.
    let ten_seconds_ago = crate::http::MonoNs(now.0 - 10_000_000_000);
    collection.tick(3, ten_seconds_ago);
    bench.until(0, |counts| counts.due == 1);
    let lateness = collection.lateness(3);
    assert_eq!((lateness.len(), collection.lateness(2).len()), (1, 0));
    assert!(lateness[0] >= 10_000_000_000, "{lateness:?}");
    let records = bench.finish(collection);
    assert_eq!(check(&bench, &records).late, 1);
}
