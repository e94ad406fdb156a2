//! Data sets, modelled on what servers under load show.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp, Gamma, LogNormal, Normal, Pareto, Poisson, Weibull, Zipf};

use crate::case::Case;
use crate::layouts::{GAPS, Layout, SECONDS, TOKENS};

/// Observations per interval, and number of intervals.
pub(crate) const RATES: [(f64, u32); 3] = [(0.5, 1000), (10.0, 200), (300.0, 100)];

/// An observation at a time of the run (0 to 1).
type Sample = fn(&mut Process, f64) -> f64;

/// Name, layouts, whether whole numbers, generator.
const DATASETS: &[(&str, &[Layout], bool, Sample)] = &[
    ("weibull", SECONDS, false, |p, _| {
        p.draw(Weibull::new(0.6, 1.3))
    }),
    ("gamma", SECONDS, false, |p, _| {
        p.draw(Gamma::new(3.0, 0.09))
    }),
    ("lognormal_wide", SECONDS, false, |p, _| {
        p.draw(LogNormal::new(-1.6, 1.0))
    }),
    ("lognormal_narrow", SECONDS, false, |p, _| {
        p.draw(LogNormal::new(-0.4, 0.2))
    }),
    ("pareto", SECONDS, false, |p, _| {
        p.draw(Pareto::new(0.15, 2.2))
    }),
    ("constant", SECONDS, false, |_, _| 0.137),
    ("two_kinds", SECONDS, false, |p, _| {
        let short = p.chance(0.7);
        p.draw(if short {
            Normal::new(0.12, 0.01)
        } else {
            Normal::new(0.85, 0.08)
        })
        .abs()
    }),
    ("three_kinds", SECONDS, false, |p, _| match p.uniform() {
        u if u < 0.5 => p.draw(Normal::new(0.05, 0.004)).abs(),
        u if u < 0.85 => p.draw(Normal::new(0.3, 0.03)).abs(),
        _ => p.draw(LogNormal::new(1.0, 0.3)),
    }),
    ("cache_hits", SECONDS, false, |p, _| {
        if p.chance(0.4) {
            p.draw(Exp::new(400.0))
        } else {
            p.draw(LogNormal::new(-1.0, 0.4))
        }
    }),
    ("timeouts", SECONDS, false, |p, _| {
        if p.chance(0.03) {
            30.0
        } else {
            p.draw(LogNormal::new(-0.7, 0.5))
        }
    }),
    ("warm_up", SECONDS, false, |p, t| {
        p.draw(LogNormal::new(-1.5, 0.3)) * (1.0 + 4.0 * (-6.0 * t).exp())
    }),
    ("queue", SECONDS, false, Process::queue),
    ("decode", GAPS, false, |p, _| {
        p.draw(Normal::new(0.0215, 0.0015)).abs()
    }),
    ("stalls", GAPS, false, |p, _| {
        if p.chance(0.04) {
            p.draw(Gamma::new(4.0, 0.03))
        } else {
            p.draw(LogNormal::new(-4.3, 0.15))
        }
    }),
    ("batch_size", GAPS, false, Process::batched),
    ("prompt_tokens", TOKENS, true, |p, _| {
        p.draw(LogNormal::new(6.2, 0.9)).ceil()
    }),
    ("output_tokens", TOKENS, true, |p, _| {
        p.draw(Gamma::new(1.6, 160.0)).ceil().min(1024.0)
    }),
    ("fixed_tokens", TOKENS, true, |_, _| 230.0),
    ("zipf_tokens", TOKENS, true, |p, _| {
        p.draw(Zipf::new(8000.0, 1.1))
    }),
    ("templates", TOKENS, true, |p, _| {
        let base = if p.chance(0.55) { 1830.0 } else { 342.0 };
        base + p.draw(Gamma::new(2.0, 20.0)).floor()
    }),
];

/// A source of observations with a memory.
struct Process {
    rng: StdRng,
    state: f64,
}

impl Process {
    fn draw<D: Distribution<f64>, E: std::fmt::Debug>(&mut self, of: Result<D, E>) -> f64 {
        of.expect("parameters are valid").sample(&mut self.rng)
    }

    fn uniform(&mut self) -> f64 {
        self.rng.random()
    }

    fn chance(&mut self, share: f64) -> bool {
        self.uniform() < share
    }

    /// Time in a queue that fills up, plus service.
    fn queue(&mut self, time: f64) -> f64 {
        let service = self.draw(LogNormal::new(-3.0, 0.4));
        let gap = self.draw(Exp::new((0.4 + 0.65 * time) / 0.055));
        let wait = (self.state - gap).max(0.0);
        self.state = wait + service;
        0.015 + wait + service
    }

    /// Time of a step that depends on a slowly moving number of streams.
    fn batched(&mut self, _: f64) -> f64 {
        self.state = 0.999 * self.state + self.draw(Normal::new(0.0, 0.04));
        let centre = 0.009 + 0.012 / (1.0 + (-self.state).exp());
        centre * self.draw(LogNormal::new(0.0, 0.08))
    }
}

/// All data sets with all their layouts and rates, `seeds` times.
/// Of a share `torn` of the pages the sum is ahead of the buckets by an observation.
pub(crate) fn cases(seeds: u64, torn: f64) -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, dataset) in (0..).zip(DATASETS) {
        for (place, layout) in (0..).zip(dataset.1) {
            for (rate, intervals) in RATES {
                for seed in 0..seeds {
                    let seed = ((number * 16 + place) * 4096 + u64::from(intervals)) * 4096 + seed;
                    cases.extend(case(dataset, layout, (rate, intervals), seed, torn));
                }
            }
        }
    }
    cases
}

fn case(
    (name, _, integer, sample): &(&str, &[Layout], bool, Sample),
    (layout, edges): &Layout,
    (rate, intervals): (f64, u32),
    seed: u64,
    torn: f64,
) -> Option<Case> {
    let mut process = Process {
        rng: StdRng::seed_from_u64(seed),
        state: 0.0,
    };
    let mut pages: Vec<Vec<f64>> = Vec::new();
    for interval in 0..intervals {
        let count = process.draw(Poisson::new(rate));
        let time = f64::from(interval) / f64::from(intervals);
        let mut page = Vec::new();
        while (page.len() as f64) < count {
            page.push(sample(&mut process, time));
        }
        pages.push(page);
    }
    let mut case = Case::scraped((name, layout), rate, *integer, edges, &pages)?;
    for (page, sum) in (1..pages.len()).zip(case.sums.iter_mut().skip(1)) {
        if process.chance(torn) {
            *sum += pages[page].first().copied().unwrap_or_default();
        }
    }
    Some(case)
}
