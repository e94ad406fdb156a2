//! Folding: near the memory limit the oldest pages are kept as statistics only.
//!
//! All series of an endpoint are folded up to the same page, half of what it has at a time, and
//! only as far as its current phase: what is folded belongs to one phase. Pages before the start of
//! the phase are dropped. Nothing is folded of the last [`KEPT`] pages.

mod counter;
mod gauge;
mod group;
mod quantile;
mod scalar;
mod sum;

pub use counter::{CounterPast, CounterSpread};
pub use gauge::GaugePast;
pub(super) use group::GroupPast;
pub use quantile::QuantilePast;
pub(super) use scalar::{Past, PastKind};
pub(super) use sum::SumPast;

use aiperf_plugin_sdk::view::Barrier;

use super::catalog::Catalog;
use super::endpoint::Endpoint;
use super::memory::Memory;
use super::own::Own;
use super::series::{Data, NEVER};
use super::{EndpointId, Scrape, Store};
use sum::Sums;

/// Pages that stay as they are.
const KEPT: u32 = 64;

/// Pages folded at once, at most: nobody should wait long for a scrape.
const AT_ONCE: u32 = 64;

/// Pages folded at once, at least: each time costs something for each series.
const WORTHWHILE: u32 = 32;

/// Pages that are folded at once.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) phase: u32,
    /// Page that the phase starts from.
    pub(super) start: u32,
    /// The first page that is not folded.
    pub(super) to: u32,
    /// The start page and the ticks among them.
    pub(super) pages: Vec<ChunkPage>,
    /// Median time between two of them.
    pub(super) median_ns: i64,
}

/// A page that is folded.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkPage {
    pub(super) number: u32,
    pub(super) time_ns: i64,
    pub(super) is_start: bool,
}

/// What was folded of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// Index of the phase that the folded pages belong to.
    pub phase: u32,
    /// The first page that is not folded.
    pub to: u32,
    /// Readings that were folded, over all phases.
    pub pages: u64,
}

impl Store {
    /// Folds the older half of an endpoint's pages if memory is short, and with them what is known
    /// of their readings: left alone, that would take the room of the pages bit by bit.
    pub(super) fn relieve(&mut self, id: EndpointId) {
        if !self.memory.is_short() {
            return;
        }
        let at = id.0 as usize;
        fold(&mut self.endpoints[at], &mut self.catalog, &mut self.memory);
        let Own {
            endpoint, catalog, ..
        } = &mut self.own[at];
        fold(endpoint, catalog, &mut self.memory);
    }
}

fn fold(endpoint: &mut Endpoint, catalog: &mut Catalog, memory: &mut Memory) {
    let Some(chunk) = Chunk::of(endpoint) else {
        return;
    };
    let mut sums = Sums::of(catalog, endpoint, &chunk);
    sums.begin(catalog, chunk.phase);
    for id in &endpoint.series {
        let series = &mut catalog.series[*id as usize];
        let kind = catalog.families[series.family as usize].kind;
        let role = series.role;
        if let Data::Scalar { samples, past } = &mut series.data {
            let before = samples.heap_bytes() + scalar::heap_bytes(past.as_deref());
            let sum = sums.of_family(series.family);
            scalar::fold(samples, past, &chunk, kind, role, sum);
            let after = samples.heap_bytes() + scalar::heap_bytes(past.as_deref());
            memory.change(before, after);
        }
    }
    sums.fold(catalog, memory, &chunk);
    for id in &endpoint.groups {
        let group = &mut catalog.groups[*id as usize];
        let before = group.heap_bytes();
        group.fold(&chunk);
        memory.change(before, group.heap_bytes());
    }
    let before = endpoint.scrapes.len() * size_of::<Scrape>();
    endpoint.fold(&chunk);
    let after = endpoint.scrapes.len() * size_of::<Scrape>();
    memory.change(before, after);
}

impl Chunk {
    /// What to fold of an endpoint next; `None` if it has no pages to spare.
    fn of(endpoint: &Endpoint) -> Option<Self> {
        let (start, next) = (endpoint.base_scrape, endpoint.next_scrape);
        let from = endpoint.folded.map_or(0, |folded| folded.to);
        let half = from + ((next - from) / 2).min(AT_ONCE);
        let to = half
            .min(next.saturating_sub(KEPT))
            .max(start.saturating_add(1));
        if start == NEVER || to < from + WORTHWHILE {
            return None;
        }
        let phase = endpoint.scrapes.last()?.phase?;
        let counts = |scrape: &&Scrape| {
            let inside = (from.max(start)..to).contains(&scrape.page);
            inside && (scrape.page == start || scrape.barrier == Barrier::Tick)
        };
        let page = |scrape: &Scrape| ChunkPage {
            number: scrape.page,
            time_ns: scrape.sent.mono_ns,
            is_start: scrape.page == start,
        };
        let pages: Vec<_> = endpoint.scrapes.iter().filter(counts).map(page).collect();
        let median_ns = median_gap(&pages);
        Some(Self {
            phase,
            start,
            to,
            pages,
            median_ns,
        })
    }

    /// Values of a series on its pages.
    pub(super) fn readings<'a>(
        &'a self,
        samples: impl Iterator<Item = (u32, f64)> + 'a,
    ) -> impl Iterator<Item = (&'a ChunkPage, Option<f64>)> + 'a {
        let mut samples = samples.peekable();
        self.pages.iter().map(move |page| {
            while samples
                .next_if(|(number, _)| *number < page.number)
                .is_some()
            {}
            let sample = samples.next_if(|(number, _)| *number == page.number);
            (page, sample.map(|(_, value)| value))
        })
    }
}

fn median_gap(pages: &[ChunkPage]) -> i64 {
    let pairs = pages.windows(2);
    let mut gaps: Vec<i64> = pairs
        .map(|pair| pair[1].time_ns - pair[0].time_ns)
        .collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or_default()
}

impl Endpoint {
    /// Forgets the pages that were folded, but for the barriers of the phase.
    fn fold(&mut self, chunk: &Chunk) {
        let Chunk { phase, to, .. } = *chunk;
        let barrier =
            |scrape: &Scrape| scrape.phase == Some(phase) && scrape.barrier != Barrier::Tick;
        self.scrapes
            .retain(|scrape| scrape.page >= to || scrape.page == chunk.start || barrier(scrape));
        self.scrapes.shrink_to_fit();
        let pages = self.folded.map_or(0, |folded| folded.pages) + chunk.pages.len() as u64;
        self.folded = Some(Folded { phase, to, pages });
    }
}
