//! Collectors that do not open at once.

use super::bench::{Bench, wait_until};
use super::plugins::attempts;
use crate::collect::StartError;
use crate::config::schema::OnStartError;

#[test]
fn a_collector_that_opens_late_joins_the_run() {
    let bench = Bench::new("opens late").late(3, true, OnStartError::Retry);
    let mut collection = bench.start().unwrap();
    collection.begin_phase(0);
    collection.tick(0, bench.clock.now());
    wait_until(|| {
        collection
            .states()
            .iter()
            .all(|state| state.problem.is_none())
    });
    bench.until(0, |counts| counts.done > 0);
    collection.rest();
    collection.final_reading(0);
    let records = bench.finish(collection);
    assert_eq!(attempts("opens late"), 4);
    assert!(records.iter().all(|record| record.error.is_none()));
    assert!(
        records
            .iter()
            .any(|record| record.phase.as_deref() == Some("phase 0"))
    );
    assert!(
        bench
            .log()
            .contains(&"collector late: opened after 3 attempts that failed".to_owned()),
        "{:?}",
        bench.log()
    );
}

#[test]
fn one_that_never_opens_is_tried_all_the_time_and_reported() {
    let bench = Bench::new("never opens").late(u64::MAX, true, OnStartError::Retry);
    let mut collection = bench.start().unwrap();
    collection.begin_phase(0);
    let states = collection.states();
    assert_eq!((states.len(), states[0].automatic), (1, false));
    let problem = states[0].problem.as_deref().unwrap();
    assert!(problem.contains("no device at attempt"), "{problem}");
    wait_until(|| attempts("never opens") >= 5);
    bench.finish(collection);
    let store = bench.store();
    let endpoint = store.endpoints().next().unwrap();
    assert!(!endpoint.is_reached() && !endpoint.info().automatic);
    let why = endpoint.disabled().unwrap();
    assert!(why.starts_with("it did not open in "), "{why}");
    assert!(
        why.contains("attempts, the last with: no device at attempt "),
        "{why}"
    );
}

#[test]
fn an_error_that_cannot_pass_is_not_tried_again() {
    let bench = Bench::new("cannot open").late(u64::MAX, false, OnStartError::Retry);
    let collection = bench.start().unwrap();
    bench.finish(collection);
    assert_eq!(attempts("cannot open"), 1);
    let store = bench.store();
    let why = store.endpoints().next().unwrap().disabled();
    assert_eq!(why, Some("it does not open: no device at attempt 1"));
}

#[test]
fn ignored_ones_are_named_but_not_missed() {
    let bench = Bench::new("ignored").late(u64::MAX, true, OnStartError::Ignore);
    let collection = bench.start().unwrap();
    assert!(collection.states()[0].automatic);
    bench.finish(collection);
    assert_eq!(attempts("ignored"), 1);
    assert!(bench.store().endpoints().next().unwrap().info().automatic);
    assert_eq!(
        bench.log(),
        ["collector late: left out: no device at attempt 1"]
    );
}

#[test]
fn by_default_the_run_does_not_begin() {
    let bench = Bench::new("must open").late(u64::MAX, true, OnStartError::Error);
    let Err(StartError::Collector { name, error }) = bench.start() else {
        panic!("it began")
    };
    assert_eq!(
        (name.as_str(), error.message.as_str()),
        ("late", "no device at attempt 1")
    );
    assert_eq!(attempts("must open"), 1);
}
