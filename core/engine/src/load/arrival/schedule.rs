//! Requests at a rate, whatever the responses do.

use std::sync::{Mutex, PoisonError};

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Exp1, Gamma};

use super::curve::Curve;
use super::{Arrival, Next};
use crate::http::MonoNs;
use crate::load::plan::{ArrivalPattern, RatePlan};

/// Moments drawn from a rate and a pattern, the same ones for the same seed.
#[derive(Debug)]
pub struct Schedule {
    curve: Curve,
    gaps: Gaps,
    drawn: Mutex<Drawn>,
}

/// Gaps of mean 1.
#[derive(Debug)]
enum Gaps {
    Constant,
    Poisson,
    Gamma(Gamma<f64>),
}

#[derive(Debug)]
struct Drawn {
    rng: Xoshiro256PlusPlus,
    /// Sum of the gaps so far.
    sum: f64,
}

impl Schedule {
    /// The moments of a plan.
    pub fn new(plan: &RatePlan) -> Self {
        let gaps = match plan.pattern {
            ArrivalPattern::Constant => Gaps::Constant,
            ArrivalPattern::Poisson => Gaps::Poisson,
            // An unusable shape has been refused with the plan.
            ArrivalPattern::Gamma(shape) => {
                Gamma::new(shape, 1.0 / shape).map_or(Gaps::Poisson, Gaps::Gamma)
            }
        };
        Self {
            curve: Curve::new(&plan.curve),
            gaps,
            drawn: Mutex::new(Drawn {
                rng: Xoshiro256PlusPlus::seed_from_u64(plan.seed),
                sum: 0.0,
            }),
        }
    }

    /// How many requests of a process of rate 1 come until the one with this ordinal, which are drawn
    /// in their order. Gaps that do not vary begin with a request, others with a gap.
    fn requests_until(&self, ordinal: u64) -> f64 {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let Drawn { rng, sum } = &mut *drawn;
        *sum += match &self.gaps {
            Gaps::Constant => return ordinal as f64,
            Gaps::Poisson => Distribution::<f64>::sample(&Exp1, rng),
            Gaps::Gamma(gamma) => gamma.sample(rng),
        };
        *sum
    }
}

impl Arrival for Schedule {
    fn slots(&self) -> usize {
        0
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "nanoseconds of a run are whole enough, and what does not fit is saturated"
    )]
    fn next(&self, ordinal: u64, start: MonoNs) -> Next {
        let seconds = self.curve.time_of(self.requests_until(ordinal));
        seconds.map_or(Next::Stop, |seconds| {
            Next::At(MonoNs(
                start.0.saturating_add((seconds * 1e9).round() as i64),
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn moments(pattern: ArrivalPattern, rate: f64, n: u64, seed: u64) -> Vec<f64> {
        let schedule = Schedule::new(&RatePlan {
            curve: vec![(Duration::ZERO, rate)],
            pattern,
            concurrency: None,
            seed,
        });
        let at = |ordinal| match schedule.next(ordinal, MonoNs(1_000)) {
            Next::At(at) => (at.0 - 1_000) as f64 / 1e9,
            Next::Stop => f64::NAN,
        };
        (0..n).map(at).collect()
    }

    fn gaps(moments: &[f64]) -> Vec<f64> {
        moments.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// Mean, and standard deviation as a share of it.
    fn mean_and_cv(gaps: &[f64]) -> (f64, f64) {
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let square = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>();
        (mean, (square / gaps.len() as f64).sqrt() / mean)
    }

    #[test]
    fn a_constant_rate_is_even_and_begins_at_once() {
        let moments = moments(ArrivalPattern::Constant, 200.0, 5, 1);
        assert_eq!(moments, [0.0, 0.005, 0.01, 0.015, 0.02]);
    }

    /// Kolmogorov and Smirnov's distance to the exponential distribution, at 1 %.
    #[test]
    fn poisson_gaps_are_exponential() {
        let gaps = gaps(&moments(ArrivalPattern::Poisson, 50.0, 20_000, 7));
        let mut sorted = gaps.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let distance = |(at, gap): (usize, &f64)| {
            let expected = 1.0 - (-50.0 * gap).exp();
            (expected - at as f64 / n)
                .abs()
                .max(((at + 1) as f64 / n - expected).abs())
        };
        let worst = sorted.iter().enumerate().map(distance).fold(0.0, f64::max);
        assert!(worst < 1.63 / n.sqrt(), "{worst}");
    }

    #[test]
    fn counts_of_poisson_arrivals_vary_as_they_should() {
        let moments = moments(ArrivalPattern::Poisson, 100.0, 50_000, 3);
        let until = |second: u32| moments.partition_point(|at| *at < f64::from(second)) as f64;
        let counts: Vec<f64> = (0..490)
            .map(|second| until(second + 1) - until(second))
            .collect();
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / counts.len() as f64;
        assert!((variance / mean - 1.0).abs() < 0.2, "{}", variance / mean);
    }

    #[test]
    fn the_shape_of_gamma_sets_the_spread_and_not_the_rate() {
        for shape in [0.25, 1.0, 4.0] {
            let gaps = gaps(&moments(ArrivalPattern::Gamma(shape), 20.0, 40_000, 5));
            let (mean, cv) = mean_and_cv(&gaps);
            assert!((mean * 20.0 - 1.0).abs() < 0.05, "{shape}: {mean}");
            assert!((cv * shape.sqrt() - 1.0).abs() < 0.05, "{shape}: {cv}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_moments() {
        let of = |seed| moments(ArrivalPattern::Poisson, 10.0, 50, seed);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
