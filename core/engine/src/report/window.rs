//! Which pages of an endpoint a phase is measured by. See `docs/metrics.md#window`.

use std::rc::Rc;

use aiperf_plugin_sdk::view::Barrier;

use super::PhaseWindow;
use super::cuts::Cuts;
use crate::store::{EndpointView, Scrape};

/// Pages of one endpoint in one phase, or a slice of it, by number.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Window {
    /// The page before the first request; `None` if there is none.
    pub(super) start: Option<u32>,
    /// The page after the last response, when counters were final; `None` if there is none.
    pub(super) end: Option<u32>,
    /// Pages inside the window: gauges are read from them, and counters between start and end.
    pub(super) ticks: Vec<u32>,
    /// Number and monotonic nanoseconds of all pages that are kept one by one.
    times: Rc<[(u32, i64)]>,
    /// Index of the phase, if its first pages are folded into statistics.
    pub(super) folded: Option<u32>,
    /// True for a slice whose pages are folded: nothing is known of it.
    pub(super) lost: bool,
    /// The exporter writes pages of more than one moment: any histogram's may be, seen or not.
    pub(super) torn: bool,
    /// The start page is a reading like others.
    pub(super) start_counts: bool,
    /// First send and last response, or begin and end of the slice; monotonic nanoseconds.
    pub(super) from_ns: i64,
    /// See `from_ns`.
    pub(super) to_ns: i64,
    /// First send and last response of the phase.
    phase_ns: (i64, i64),
}

impl Window {
    /// The window of `phases[at]`.
    ///
    /// With load, gauges are read between first send and last response only: barriers are idle by
    /// construction. Without load the endpoint's first and last page make the window, and every
    /// page counts.
    pub(super) fn of(
        endpoint: &EndpointView<'_>,
        phases: &[PhaseWindow],
        at: usize,
        has_load: bool,
    ) -> Self {
        let scrapes = endpoint.scrapes();
        let times = scrapes
            .iter()
            .map(|scrape| (scrape.page, scrape.sent.mono_ns))
            .collect();
        let folded = endpoint.folded().map(|folded| folded.phase);
        let window = Self {
            times,
            folded: folded
                .filter(|folded| phases.get(at).is_some_and(|phase| phase.index == *folded)),
            ..Self::default()
        };
        let mut window = match phases.get(at) {
            Some(_) if has_load => window.with_load(scrapes, phases, at),
            Some(phase) => window.without_load(scrapes, phase.index),
            None => window,
        };
        let kept = endpoint.folded().map_or(0, |folded| folded.to);
        window.ticks.retain(|page| *page >= kept);
        window
    }

    fn with_load(self, scrapes: &[Scrape], phases: &[PhaseWindow], at: usize) -> Self {
        let phase = &phases[at];
        let (from_ns, to_ns) = (phase.first_send.mono_ns, phase.last_response.mono_ns);
        let next = phases.get(at + 1).filter(|next| next.takes_over());
        let inside = |scrape: &Scrape| (from_ns..=to_ns).contains(&scrape.sent.mono_ns);
        // Where load goes on from phase to phase, one page belongs to both: the first that was asked
        // for by the one that takes over.
        let met = |phase: &PhaseWindow| pages(scrapes, phase.index, Barrier::Start).next();
        let last = |barrier| pages(scrapes, phase.index, barrier).last();
        let start = if phase.takes_over() {
            met(phase)
        } else {
            last(Barrier::Start)
        };
        let end = next.map_or_else(|| last(Barrier::End), met);
        // Barriers are idle by construction, but not where load goes on.
        let under_load = start.filter(|start| phase.takes_over() && inside(start));
        let ticks = under_load
            .into_iter()
            .chain(pages(scrapes, phase.index, Barrier::Tick))
            .filter(|scrape| inside(scrape))
            .map(number)
            .collect();
        Self {
            start: start.map(number),
            end: end.map(number),
            ticks,
            start_counts: under_load.is_some(),
            from_ns,
            to_ns,
            phase_ns: (from_ns, to_ns),
            ..self
        }
    }

    fn without_load(self, scrapes: &[Scrape], phase: u32) -> Self {
        let ticks: Vec<u32> = scrapes
            .iter()
            .filter(|scrape| scrape.phase == Some(phase))
            .map(number)
            .collect();
        let start = ticks.first().copied();
        let end = ticks.last().copied().filter(|end| Some(*end) != start);
        let time = |page: Option<u32>| page.map_or(0, |page| self.time(page));
        let (from_ns, to_ns) = (time(start), time(end.or(start)));
        Self {
            start,
            end,
            ticks,
            start_counts: true,
            from_ns,
            to_ns,
            phase_ns: (from_ns, to_ns),
            ..self
        }
    }

    /// Slices of the window.
    ///
    /// Gauges are read from the ticks inside a slice. Increases go from the page nearest to its
    /// begin to the page nearest to its end, so that those of all slices add up to the window's;
    /// without two different pages there is none. A slice that begins before the first page that is
    /// kept has no pages.
    pub(super) fn slices(&self, cuts: Cuts) -> Vec<Self> {
        let pages = self.pages();
        let last = cuts.len() - 1;
        // What is folded cannot be cut.
        let kept_ns = self
            .folded
            .map(|_| self.ticks.first().map_or(i64::MAX, |at| self.time(*at)));
        let slice = |index: usize| {
            let (from_ns, to_ns) = cuts.bounds(index);
            let empty = Self {
                times: Rc::clone(&self.times),
                torn: self.torn,
                from_ns,
                to_ns,
                phase_ns: self.phase_ns,
                ..Self::default()
            };
            if kept_ns.is_some_and(|kept_ns| from_ns < kept_ns) {
                return Self {
                    lost: true,
                    ..empty
                };
            }
            let inside = |page: &u32| cuts.index_of(self.time(*page)) == index;
            Self {
                start: if index == 0 {
                    self.start
                } else {
                    self.nearest(&pages, from_ns)
                },
                end: if index == last {
                    self.end
                } else {
                    self.nearest(&pages, to_ns)
                },
                ticks: self.ticks.iter().copied().filter(inside).collect(),
                ..empty
            }
        };
        (0..=last).map(slice).collect()
    }

    /// The page that was asked for nearest to a moment; the earlier one of two.
    fn nearest(&self, pages: &[u32], at_ns: i64) -> Option<u32> {
        let after = pages.partition_point(|page| self.time(*page) < at_ns);
        let around = &pages[after.saturating_sub(1)..pages.len().min(after + 1)];
        let distance = |page: &&u32| (self.time(**page) - at_ns).abs();
        around.iter().min_by_key(distance).copied()
    }

    /// Start, ticks, end: the pages that a running total is read from.
    pub(super) fn pages(&self) -> Vec<u32> {
        let mut pages: Vec<u32> = self
            .start
            .into_iter()
            .chain(self.ticks.iter().copied())
            .chain(self.end)
            .collect();
        pages.dedup();
        pages
    }

    /// Both ends, if increases between them can be known.
    pub(super) fn ends(&self) -> Option<(u32, u32)> {
        self.start.zip(self.end).filter(|(start, end)| start < end)
    }

    /// Seconds that rates divide by; `None` if increases are not known.
    pub(super) fn seconds(&self) -> Option<f64> {
        let (start, end) = self.ends()?;
        let seconds = (self.time(end) - self.time(start)) as f64 / 1e9;
        Some(seconds).filter(|seconds| *seconds > 0.0)
    }

    /// Its length in nanoseconds, unless it is empty.
    pub(super) fn length_ns(&self) -> Option<f64> {
        let length = (self.to_ns - self.from_ns) as f64;
        Some(length).filter(|length| *length > 0.0)
    }

    /// Longest time without a reading, in seconds; `None` without readings. `times` rise and lie
    /// within the window.
    pub(super) fn longest_gap(&self, times: &[i64]) -> Option<f64> {
        let edges = [*times.first()? - self.from_ns, self.to_ns - *times.last()?];
        let between = times.windows(2).map(|pair| pair[1] - pair[0]);
        let longest = between.chain(edges).max()?;
        Some(longest as f64 / 1e9)
    }

    /// When a page was asked for, moved to the phase's end if it lies beyond: nothing moves before
    /// the first request or after the last response.
    pub(super) fn time(&self, page: u32) -> i64 {
        let at = self.times.binary_search_by_key(&page, |(page, _)| *page);
        let time = at.map_or(0, |at| self.times[at].1);
        let (from_ns, to_ns) = self.phase_ns;
        if from_ns < to_ns {
            time.clamp(from_ns, to_ns)
        } else {
            time
        }
    }
}

fn number(scrape: &Scrape) -> u32 {
    scrape.page
}

/// Pages of a phase with this place in it, in order.
fn pages(scrapes: &[Scrape], phase: u32, barrier: Barrier) -> impl Iterator<Item = &Scrape> {
    let wanted = move |scrape: &Scrape| scrape.phase == Some(phase) && scrape.barrier == barrier;
    scrapes.iter().filter(move |scrape| wanted(scrape))
}
