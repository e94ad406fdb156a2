//! Requests at a rate.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Exp1, Gamma};

use super::curve::Curve;
use super::plan::{Pattern, RatePlan};
use super::{Arrival, Next};
use crate::http::MonoNs;

/// A point process of rate 1, read through a [`Curve`]: where the curve has twice the rate, time runs
/// twice as fast for the process. So the n-th moment depends on the seed alone, and a Poisson
/// process stays one, whatever the curve.
#[derive(Debug)]
pub(super) struct Rate {
    curve: Curve,
    gaps: Gaps,
    random: Xoshiro256PlusPlus,
    start: MonoNs,
    /// Place of the next request in the process of rate 1.
    place: f64,
}

/// Gaps of mean 1.
#[derive(Debug)]
enum Gaps {
    Constant,
    Exponential,
    Gamma(Gamma<f64>),
}

impl Rate {
    pub(super) fn new(plan: &RatePlan, start: MonoNs, seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let gaps = Gaps::new(plan.pattern);
        // An even process begins with a request; the others are under way when the phase begins.
        let place = match gaps {
            Gaps::Constant => 0.0,
            _ => gaps.draw(&mut random),
        };
        Self {
            curve: plan.curve.clone(),
            gaps,
            random,
            start,
            place,
        }
    }
}

impl Arrival for Rate {
    fn next(&mut self, _free_since: MonoNs) -> Next {
        let seconds = self.curve.time_of(self.place);
        self.place += self.gaps.draw(&mut self.random);
        let since_start = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        since_start.map_or(Next::Stop, |time| Next::At(self.start.after(time)))
    }
}

impl Gaps {
    fn new(pattern: Pattern) -> Self {
        match pattern {
            Pattern::Constant => Self::Constant,
            Pattern::Poisson => Self::Exponential,
            // A plan is checked before it is carried out, so that the shape is usable.
            Pattern::Gamma { smoothness } => {
                Gamma::new(smoothness, smoothness.recip()).map_or(Self::Exponential, Self::Gamma)
            }
        }
    }

    fn draw(&self, random: &mut Xoshiro256PlusPlus) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Exponential => Exp1.sample(random),
            Self::Gamma(gamma) => gamma.sample(random),
        }
    }
}

#[cfg(test)]
mod tests;
