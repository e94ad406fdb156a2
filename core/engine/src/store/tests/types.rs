//! Families that are called something else later on.

use super::*;

fn page(bench: &mut Bench, kinds: &[(&str, MetricKind)]) {
    bench.tick(|batch| {
        for (name, kind) in kinds {
            push(batch, name, *kind, name, &[], 1.0);
        }
    });
}

fn changed(bench: &Bench) -> Vec<String> {
    let changes = bench.store.endpoint(bench.endpoint).type_changes();
    let text = |change: &TypeChange| {
        let TypeChange {
            family,
            before,
            after,
        } = change;
        format!("{family}: {before} to {after}")
    };
    changes.iter().map(text).collect()
}

#[test]
fn a_family_that_changes_its_type_is_noted_once() {
    use MetricKind::{Counter, Gauge, Summary};
    let mut bench = Bench::new();
    page(&mut bench, &[("a", Counter), ("b", Gauge)]);
    page(&mut bench, &[("b", Gauge), ("a", Counter), ("c", Gauge)]);
    assert!(changed(&bench).is_empty());
    page(&mut bench, &[("a", Gauge), ("b", Gauge)]);
    page(&mut bench, &[("a", Summary), ("b", Gauge)]);
    page(&mut bench, &[("a", Counter), ("b", Gauge)]);
    assert_eq!(changed(&bench), ["a: counter to gauge"]);
}

#[test]
fn a_page_that_lost_its_metadata_changes_nothing() {
    let mut bench = Bench::new();
    for kind in [MetricKind::Unknown, MetricKind::Gauge, MetricKind::Unknown] {
        page(&mut bench, &[("a", kind)]);
    }
    assert!(changed(&bench).is_empty());
}
