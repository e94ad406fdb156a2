//! The queue against a naive one.

use aiperf_plugin_sdk::PhaseEvent;
use aiperf_plugin_sdk::view::{KeyEntry, Schema, ScrapeMeta};

use super::*;

fn limits(dir: &tempfile::TempDir, memory: usize, disk: u64) -> Limits {
    Limits {
        memory,
        disk,
        dir: dir.path().to_owned(),
    }
}

/// The scrape that explains key `number` and has a value for it.
fn scrape(number: u32) -> Update {
    let key = KeyEntry {
        key: format!("key{number}"),
        ..KeyEntry::default()
    };
    Update::Scrape(Arc::new(ScrapeRecord {
        meta: ScrapeMeta {
            mono_ns: i64::from(number),
            ..ScrapeMeta::default()
        },
        schema: SchemaDelta {
            keys: vec![key],
            ..SchemaDelta::default()
        },
        keys: vec![number],
        key_values: vec![f64::from(number)],
        ..ScrapeRecord::default()
    }))
}

fn phase(index: u32) -> Update {
    Update::Phase(Arc::new(PhaseEvent {
        index,
        ..PhaseEvent::default()
    }))
}

/// Takes everything that waits, up to the end.
fn drain(inbox: &Inbox) -> Vec<Update> {
    inbox.end(End::Abort("enough".into()));
    let mut all = Vec::new();
    while let Next::Update(update) = inbox.next().unwrap() {
        all.push(update);
    }
    all
}

fn numbers(updates: &[Update]) -> Vec<i64> {
    let number = |update: &Update| match update {
        Update::Scrape(record) => record.meta.mono_ns,
        Update::Phase(event) => -i64::from(event.index),
        Update::Requests(_) => i64::MAX,
    };
    updates.iter().map(number).collect()
}

#[test]
fn everything_comes_out_in_order_over_memory_and_disk() {
    let dir = tempfile::tempdir().unwrap();
    let weight = scrape(0).weight();
    let inbox = Inbox::new(limits(&dir, 3 * weight, 1 << 20));
    for number in 0..10 {
        inbox.put(scrape(number));
        inbox.put(phase(number));
    }
    let first = inbox.next().unwrap();
    assert!(matches!(first, Next::Update(Update::Scrape(record)) if record.meta.mono_ns == 0));
    // There is room in memory now, but older ones wait on disk.
    inbox.put(scrape(10));
    let rest = numbers(&drain(&inbox));
    let mut expect: Vec<i64> = (0..10).flat_map(|n| [n, -n]).collect();
    expect.push(10);
    assert_eq!(rest, expect[1..]);
    let tally = inbox.tally();
    assert!(tally.spilled > 10, "{tally:?}");
    assert_eq!((tally.dropped, tally.disk_error), (0, None));
    inbox.put(scrape(11));
    assert_eq!(
        numbers(&drain(&inbox)),
        [11],
        "memory again once the disk is empty"
    );
    assert_eq!(inbox.tally().spilled, tally.spilled);
}

#[test]
fn memory_stays_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let weight = scrape(0).weight();
    let inbox = Inbox::new(limits(&dir, 3 * weight, 1 << 20));
    for number in 0..1000 {
        inbox.put(scrape(number));
        let state = inbox.lock();
        assert!(state.weight <= 3 * weight);
        let sum: usize = state.memory.iter().map(Update::weight).sum();
        assert_eq!(state.weight, sum);
    }
    assert_eq!(drain(&inbox).len(), 1000);
    assert_eq!(inbox.lock().weight, 0);
}

#[test]
fn a_dropped_scrapes_schema_goes_along_with_the_next() {
    let dir = tempfile::tempdir().unwrap();
    // One fits in memory, the others do not fit anywhere.
    let inbox = Inbox::new(limits(&dir, 1, 0));
    for number in 0..4 {
        inbox.put(scrape(number));
    }
    inbox.put(phase(9));
    assert_eq!(inbox.tally().dropped, 4);
    let Next::Update(first) = inbox.next().unwrap() else {
        panic!("the first is there")
    };
    inbox.put(scrape(4));
    let mut all = vec![first];
    all.extend(drain(&inbox));
    assert_eq!(numbers(&all), [0, 4]);
    // Whoever reads them knows every id, at its place.
    let mut schema = Schema::default();
    for update in all {
        let Update::Scrape(record) = update else {
            panic!("scrapes only")
        };
        schema.add(record.schema.clone());
        for id in &record.keys {
            assert_eq!(schema.keys[*id as usize].key, format!("key{id}"));
        }
    }
    assert_eq!(schema.keys.len(), 5);
    assert!(inbox.lock().owed.is_empty());
}

#[test]
fn a_full_disk_drops_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = Limits {
        dir: dir.path().join("gone"),
        ..limits(&dir, 1, 1 << 20)
    };
    let inbox = Inbox::new(nowhere);
    inbox.put(scrape(0));
    inbox.put(scrape(1));
    let tally = inbox.tally();
    assert_eq!(tally.dropped, 1);
    assert!(tally.disk_error.is_some());

    let small = Inbox::new(limits(&dir, 1, 300));
    for number in 0..20 {
        small.put(phase(number));
    }
    let Tally {
        spilled, dropped, ..
    } = small.tally();
    assert!(spilled > 0 && dropped > 0);
    assert_eq!(drain(&small).len() as u64 + dropped, 20);
}

#[test]
fn nothing_gathers_for_one_that_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let inbox = Inbox::new(limits(&dir, 1, 1 << 20));
    inbox.put(scrape(0));
    inbox.put(scrape(1));
    inbox.close();
    inbox.put(scrape(2));
    assert_eq!(drain(&inbox).len(), 0);
}
