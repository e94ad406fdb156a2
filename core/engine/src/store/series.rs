//! One series and its samples.

use super::fold::Past;
use super::log::{Log, Run, Slot};

/// Marks "no scrape yet".
pub(super) const NEVER: u32 = u32::MAX;

/// What a sample is to its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A value of its own.
    Value,
    /// A quantile of a summary.
    Quantile,
    /// A cumulative bucket.
    Bucket,
    /// The sum of a histogram or summary.
    Sum,
    /// The number of observations of a histogram or summary.
    Count,
    /// An info or stateset sample: the labels are what counts.
    Fact,
    /// When a series began to count. Kept as a raw series only.
    Created,
}

/// Samples of a scalar series, by number of the scrape.
#[derive(Debug, Default)]
pub(super) struct Samples {
    log: Log,
    /// The last one.
    value: f64,
}

impl Samples {
    /// Adds the sample of `scrape`, which is later than all before.
    pub(super) fn push(&mut self, scrape: u32, value: f64) {
        let slot = Slot {
            value,
            before: self.value,
            present: true,
            was_present: true,
            follows: false,
        };
        self.log.push(scrape, &[slot]);
        self.value = value;
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.log.heap_bytes()
    }

    /// Forgets samples before `scrape`, but for the last of them and some that stand beside it.
    pub(super) fn forget_before(&mut self, scrape: u32) {
        self.log.forget_before(scrape);
    }

    /// Samples of the scrapes `first..=last`, in order.
    pub(super) fn between(
        &self,
        first: u32,
        last: u32,
    ) -> impl Iterator<Item = (u32, f64)> + use<'_> {
        self.runs(first)
            .skip_while(move |(run, _)| run.last < first)
            .take_while(move |(run, _)| run.first <= last)
            .flat_map(move |(run, value)| {
                (run.first.max(first)..=run.last.min(last)).map(move |scrape| (scrape, value))
            })
    }

    /// The last sample not after `scrape`.
    pub(super) fn at_or_before(&self, scrape: u32) -> Option<(u32, f64)> {
        let (run, value) = self
            .runs(scrape)
            .take_while(|(run, _)| run.first <= scrape)
            .last()?;
        Some((run.last.min(scrape), value))
    }

    /// Scrapes with the same value, from the last one not after `scrape` or an earlier one on.
    fn runs(&self, scrape: u32) -> impl Iterator<Item = (Run, f64)> + use<'_> {
        let mut cursor = self.log.cursor(scrape);
        std::iter::from_fn(move || {
            let run = cursor.advance(&|_| false)?;
            Some((run, cursor.values().first().copied()?))
        })
    }
}

/// Where the samples of a series go.
#[derive(Debug)]
pub(super) enum Data {
    /// All are kept, the oldest as statistics if memory is short.
    Scalar {
        samples: Samples,
        past: Option<Box<Past>>,
    },
    /// They are a part of this group.
    Part { group: u32 },
    /// Only the latest is known.
    Latest,
}

/// One series. Its id is its row in the catalog.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) server: u32,
    pub(super) family: u32,
    /// Row of its key in the endpoint's table.
    pub(super) key: u32,
    pub(super) role: Role,
    /// It counts in its family's plain key.
    pub(super) in_plain_key: bool,
    pub(super) has_flat_key: bool,
    pub(super) latest: f64,
    /// Scrape of `latest`, or [`NEVER`].
    pub(super) latest_scrape: u32,
    /// Value on the endpoint's last start page, valid if `base_scrape` is that page.
    pub(super) base: f64,
    pub(super) base_scrape: u32,
    pub(super) data: Data,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Samples;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![3 => (0_u8..3).prop_map(f64::from), 1 => -1e9..1e9_f64]
    }

    proptest! {
        #[test]
        fn nothing_is_lost(
            page in prop::collection::vec(prop::option::of(value()), 0..400),
            first in 0_u32..400,
            len in 0_u32..400,
        ) {
            let all: Vec<(u32, f64)> = (0_u32..).zip(&page)
                .filter_map(|(scrape, value)| value.map(|value| (scrape, value)))
                .collect();
            let mut samples = Samples::default();
            for (scrape, value) in &all {
                samples.push(*scrape, *value);
            }
            let last = first + len;
            let expect: Vec<_> =
                all.iter().copied().filter(|(scrape, _)| (first..=last).contains(scrape)).collect();
            prop_assert_eq!(samples.between(first, last).collect::<Vec<_>>(), expect);
            prop_assert_eq!(
                samples.at_or_before(first),
                all.iter().copied().rfind(|(scrape, _)| *scrape <= first)
            );
        }
    }
}
