//! What is known of readings takes its share of the memory limit, not more and more of it.

use super::*;

const LIMIT: usize = 40_000;

fn bench() -> Bench {
    let options = StoreOptions {
        memory_limit: LIMIT,
        ..StoreOptions::default()
    };
    Bench::with(options, EndpointInfo::default())
}

#[test]
fn readings_are_folded_together_with_their_pages() {
    let mut bench = bench();
    for page in 0..4_000_u32 {
        let barrier = if page == 0 {
            Barrier::Start
        } else {
            Barrier::Tick
        };
        let noise = f64::from(page.wrapping_mul(0x9e37_79b1) >> 8);
        bench.page(barrier, |batch| {
            for name in ["a", "b", "c"] {
                batch.gauge(name, &[], noise / 16e6);
            }
        });
    }
    let pages = bench.store.endpoint(bench.endpoint).folded();
    let readings = bench.store.own(bench.endpoint).folded();
    let (pages, readings) = pages.zip(readings).expect("memory was short");
    assert_eq!(pages, readings);
}

#[test]
fn a_source_that_never_answers_stays_within_the_limit() {
    let mut bench = bench();
    let failure = ScrapeFailure::default();
    for reading in 0..4_000 {
        let barrier = if reading == 0 {
            Barrier::Start
        } else {
            Barrier::Tick
        };
        let info = bench.info(Some(0), barrier);
        bench.store.failure(bench.endpoint, &info, &failure);
        assert!(
            bench.store.memory_used() < LIMIT,
            "after {reading} readings"
        );
    }
}
