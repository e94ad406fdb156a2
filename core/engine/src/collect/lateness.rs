//! How late ticks start: the tool's own lag, by phase.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Readings kept of one phase. More are thinned out evenly.
const CAPACITY: usize = 1 << 16;

/// Lateness of the ticks of all phases.
#[derive(Debug, Default)]
pub(super) struct Lateness(Mutex<BTreeMap<u32, Sample>>);

impl Lateness {
    /// A tick of `phase` started `ns` nanoseconds after it was due.
    pub(super) fn add(&self, phase: u32, ns: i64) {
        let mut phases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        phases.entry(phase).or_default().add(ns);
    }

    /// In nanoseconds, in the order of their start.
    pub(super) fn of(&self, phase: u32) -> Vec<i64> {
        let phases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        phases.get(&phase).map(Sample::values).unwrap_or_default()
    }
}

/// All values while there are few; later every second, fourth, … and the largest.
#[derive(Debug)]
struct Sample {
    kept: Vec<i64>,
    /// One of so many is kept.
    stride: u64,
    seen: u64,
    max: i64,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            stride: 1,
            seen: 0,
            max: i64::MIN,
        }
    }
}

impl Sample {
    fn add(&mut self, ns: i64) {
        self.max = self.max.max(ns);
        if self.seen.is_multiple_of(self.stride) {
            if self.kept.len() == CAPACITY {
                self.thin_out();
            }
            if self.seen.is_multiple_of(self.stride) {
                self.kept.push(ns);
            }
        }
        self.seen += 1;
    }

    fn thin_out(&mut self) {
        let mut at = 0_usize;
        self.kept.retain(|_| {
            at += 1;
            !at.is_multiple_of(2)
        });
        self.stride *= 2;
    }

    fn values(&self) -> Vec<i64> {
        let mut values = self.kept.clone();
        let lost = !values.is_empty() && !values.contains(&self.max);
        values.extend(lost.then_some(self.max));
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_all_kept_by_phase() {
        let lateness = Lateness::default();
        for (phase, ns) in [(0, 5), (1, 7), (0, 3)] {
            lateness.add(phase, ns);
        }
        assert_eq!(lateness.of(0), [5, 3]);
        assert_eq!(lateness.of(1), [7]);
        assert_eq!(lateness.of(2), [0_i64; 0]);
    }

    #[test]
    fn many_values_are_thinned_out_evenly_and_keep_their_maximum() {
        let mut sample = Sample::default();
        let n = i64::try_from(CAPACITY).unwrap() * 5;
        for ns in 0..n {
            sample.add(if ns == 12_345 { n * 2 } else { ns });
        }
        let values = sample.values();
        assert!(values.len() <= CAPACITY + 1 && values.len() > CAPACITY / 2);
        assert_eq!(values.last(), Some(&(n * 2)));
        let kept = &values[..values.len() - 1];
        let gaps: Vec<i64> = kept.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| *gap == gaps[0]));
    }
}
