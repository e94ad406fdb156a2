//! Sums over the counters of a family: page by page, as they cannot be made of the series' summaries.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;

use super::super::catalog::Catalog;
use super::super::endpoint::Endpoint;
use super::super::memory::Memory;
use super::super::series::Data;
use super::counter::Step;
use super::{Chunk, CounterSpread, PastKind};

/// The sum of a family's counters on pages that are no longer kept one by one.
#[derive(Debug)]
pub(in super::super) struct SumPast {
    /// The phase that they belong to.
    pub(in super::super) phase: u32,
    pub(in super::super) spread: CounterSpread,
}

impl SumPast {
    fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.spread.heap_bytes()
    }
}

/// Sums on the pages of a chunk, by family.
pub(super) struct Sums(BTreeMap<u32, Vec<Step>>);

impl Sums {
    /// Of the families with several counters.
    pub(super) fn of(catalog: &Catalog, endpoint: &Endpoint, chunk: &Chunk) -> Self {
        let families = endpoint.series.iter().map(|id| {
            let family = catalog.series[*id as usize].family;
            (family, &catalog.families[family as usize])
        });
        let summed = families
            .filter(|(_, family)| family.kind == MetricKind::Counter && family.scalars.len() > 1);
        let empty = || vec![Step::default(); chunk.pages.len()];
        Self(summed.map(|(family, _)| (family, empty())).collect())
    }

    /// Of the family, if it has several counters.
    pub(super) fn of_family(&mut self, family: u32) -> Option<&mut [Step]> {
        self.0.get_mut(&family).map(Vec::as_mut_slice)
    }

    /// Sees to it that each family's sum is known as far as its series are folded.
    pub(super) fn begin(&self, catalog: &mut Catalog, phase: u32) {
        for at in self.0.keys() {
            let family = &catalog.families[*at as usize];
            if family.past.as_ref().is_some_and(|past| past.phase == phase) {
                continue;
            }
            // As long as there was one counter only, it was the sum.
            let mut folded = family.scalars.iter().filter_map(|id| {
                let Data::Scalar { past, .. } = &catalog.series[*id as usize].data else {
                    return None;
                };
                match &past.as_ref().filter(|past| past.phase == phase)?.kind {
                    PastKind::Counter(counter) => Some(counter.spread().clone()),
                    _ => None,
                }
            });
            let spread = folded.next().unwrap_or_default();
            catalog.families[*at as usize].past = Some(Box::new(SumPast { phase, spread }));
        }
    }

    /// Folds the sums.
    pub(super) fn fold(self, catalog: &mut Catalog, memory: &mut Memory, chunk: &Chunk) {
        for (family, steps) in self.0 {
            let Some(past) = &mut catalog.families[family as usize].past else {
                continue;
            };
            let before = past.heap_bytes();
            past.spread
                .fold(chunk.pages.iter().zip(steps), chunk.median_ns);
            memory.change(before, past.heap_bytes());
        }
    }
}
