//! Batches for those who read no text: names and labels are copied.

use super::build::row;
use super::{Batch, FamilyRow, NO_TIME, SampleRow, Span};
use crate::MetricKind;

impl Batch {
    /// Says what `name` is; call it before the samples of the family.
    pub fn describe(&mut self, name: &str, kind: MetricKind, help: &str, unit: &str) {
        let name = self.push_extra(name.as_bytes());
        let help = self.push_extra(help.as_bytes());
        let unit = self.push_extra(unit.as_bytes());
        self.push_family(FamilyRow::new(name, kind).help(help).unit(unit));
    }

    /// Adds a sample of the family `name`, as a value that goes up and down.
    pub fn gauge(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.typed(name, MetricKind::Gauge, labels, value, NO_TIME);
    }

    /// As [`Batch::gauge`], for a value that is of another moment than the reading: `time_ns` in
    /// wall-clock nanoseconds.
    pub fn gauge_at(&mut self, name: &str, labels: &[(&str, &str)], value: f64, time_ns: i64) {
        self.typed(name, MetricKind::Gauge, labels, value, time_ns);
    }

    /// Adds a sample of the family `name`, as a running total.
    pub fn counter(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.typed(name, MetricKind::Counter, labels, value, NO_TIME);
    }

    /// As [`Batch::counter`], for a total that is of another moment than the reading: `time_ns` in
    /// wall-clock nanoseconds.
    pub fn counter_at(&mut self, name: &str, labels: &[(&str, &str)], value: f64, time_ns: i64) {
        self.typed(name, MetricKind::Counter, labels, value, time_ns);
    }

    fn typed(
        &mut self,
        name: &str,
        kind: MetricKind,
        labels: &[(&str, &str)],
        value: f64,
        time_ns: i64,
    ) {
        let family = self.family_named(name.as_bytes(), kind);
        let name = self.push_extra(name.as_bytes());
        for (label, text) in labels {
            let label = self.push_extra(label.as_bytes());
            let text = self.push_extra(text.as_bytes());
            self.push_label(label, text);
        }
        self.push_sample(SampleRow::new(family, name, value).at(time_ns));
    }

    /// Row of the family `name`; looked up from the end, where the last one nearly always is.
    pub(crate) fn family_named(&mut self, name: &[u8], kind: MetricKind) -> u32 {
        let found = self.family_name.chunks_exact(2).rposition(|pair| {
            Span {
                start: pair[0],
                end: pair[1],
            }
            .slice(&[], &self.extra)
                == Some(name)
        });
        if let Some(found) = found {
            return row(found);
        }
        let name = self.push_extra(name);
        self.push_family(FamilyRow::new(name, kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_may_have_times_of_their_own() {
        let mut batch = Batch::new();
        batch.gauge("a", &[], 1.0);
        batch.gauge_at("a", &[("of", "then")], 2.0, 7);
        batch.counter_at("b", &[], 3.0, -9);
        let seen = batch.read(b"", |view| {
            let rows = (0..view.len()).filter_map(|row| view.sample(row));
            rows.map(|sample| {
                (
                    view.family_kind(sample.family),
                    sample.value,
                    sample.time_ns,
                )
            })
            .collect::<Vec<_>>()
        });
        let expected = [
            (MetricKind::Gauge, 1.0, None),
            (MetricKind::Gauge, 2.0, Some(7)),
            (MetricKind::Counter, 3.0, Some(-9)),
        ];
        assert_eq!(seen.unwrap(), expected);
    }
}
