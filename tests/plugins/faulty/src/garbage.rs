//! Batches that no plugin should give.

use aiperf_plugin_sdk::batch::{FamilyRow, SampleRow, Span};
use aiperf_plugin_sdk::prelude::*;

use crate::fault::Fault;

/// More series than any source has.
const SERIES: u32 = 200_000;
/// More samples than are taken at once.
const MILLION: u32 = 1_000_001;
/// More bytes than are taken at once.
const HUGE: usize = 257 << 20;

/// Fills the batch as the fault says; with something good if it says nothing of it.
pub(crate) fn fill(fault: Fault, batch: &mut Batch) {
    match fault {
        Fault::Nan => (0..10_000).for_each(|row| {
            let row = row.to_string();
            batch.gauge("nothing", &[("row", &row)], f64::NAN);
        }),
        Fault::Series => series(batch),
        // It was made when the plugin was opened, which everybody waits for.
        Fault::Million | Fault::Huge => {}
        Fault::Spans => stray(batch, 0),
        Fault::Families => stray(batch, 7),
        _ => batch.gauge("faulty_value", &[], 1.0),
    }
}

fn series(batch: &mut Batch) {
    let (name, label) = (batch.push_extra(b"many"), batch.push_extra(b"row"));
    let family = batch.push_family(FamilyRow::new(name, MetricKind::Gauge));
    for row in 0..SERIES {
        let value = batch.push_extra(row.to_string().as_bytes());
        batch.push_label(label, value);
        batch.push_sample(SampleRow::new(family, name, 1.0));
    }
}

/// What takes long to make, made beforehand.
pub(crate) fn prepared(fault: Fault) -> Batch {
    let mut batch = Batch::new();
    match fault {
        Fault::Million => million(&mut batch),
        Fault::Huge => {
            batch.gauge("faulty_value", &[], 1.0);
            batch.push_extra(&vec![b'x'; HUGE]);
        }
        _ => {}
    }
    batch
}

fn million(batch: &mut Batch) {
    let name = batch.push_extra(b"many");
    let family = batch.push_family(FamilyRow::new(name, MetricKind::Gauge));
    for _ in 0..MILLION {
        batch.push_sample(SampleRow::new(family, name, 1.0));
    }
}

/// A sample with a name and a label outside the text, after one that is good.
fn stray(batch: &mut Batch, family_row: u32) {
    let good = batch.push_extra(b"faulty_value");
    let family = batch.push_family(FamilyRow::new(good, MetricKind::Gauge));
    batch.push_sample(SampleRow::new(family, good, 1.0));
    let outside = Span::text(1_000_000_000, 17);
    batch.push_label(outside, outside);
    batch.push_sample(SampleRow::new(family_row, outside, 1.0));
}
