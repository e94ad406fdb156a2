//! What is drawn has the distribution that was asked for. Seeds are fixed, so that nothing flickers.

use super::*;
use crate::load::arrival::{RateOf, RatePoint};

const SEEDS: std::ops::Range<u64> = 0..20;

fn moments(pattern: Pattern, curve: Curve, seed: u64, n: usize) -> Vec<f64> {
    let start = MonoNs(5_000_000_000);
    let plan = RatePlan {
        curve,
        pattern,
        of: RateOf::default(),
    };
    let mut rate = Rate::new(&plan, start, seed);
    let next = |_| match rate.next(MonoNs(0)) {
        Next::At(at) => at.since(start) as f64 / 1e9,
        Next::Stop => f64::INFINITY,
    };
    (0..n).map(next).collect()
}

fn steady(pattern: Pattern, seed: u64, n: usize) -> Vec<f64> {
    moments(pattern, Curve::constant(200.0).unwrap(), seed, n)
}

fn gaps(moments: &[f64]) -> Vec<f64> {
    moments.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation by mean.
fn variation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: Vec<f64> = values.iter().map(|value| (value - mean).powi(2)).collect();
    self::mean(&squares).sqrt() / mean
}

/// Largest distance between the distribution of `values` and the one that `cdf` describes.
fn distance(values: &[f64], cdf: impl Fn(f64) -> f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let steps = (0_u32..).zip(&sorted).map(|(at, value)| {
        let (low, high) = (f64::from(at) / n, f64::from(at + 1) / n);
        (cdf(*value) - low).max(high - cdf(*value))
    });
    steps.fold(0.0, f64::max)
}

#[test]
fn a_constant_rate_is_exact_to_the_nanosecond() {
    let moments = steady(Pattern::Constant, 1, 100_001);
    assert!(moments[0].abs() < 1e-9);
    for (n, moment) in (0_u32..).zip(&moments) {
        assert!((moment - f64::from(n) / 200.0).abs() < 1e-9, "request {n}");
    }
}

#[test]
fn poisson_gaps_are_exponential_and_independent() {
    let n = 20_000;
    for seed in SEEDS {
        let gaps = gaps(&steady(Pattern::Poisson, seed, n));
        let distance = distance(&gaps, |gap| 1.0 - (-200.0 * gap).exp());
        // The Kolmogorov-Smirnov test at 0.1 %: 1.95 / sqrt(n).
        assert!(
            distance < 1.95 / (n as f64).sqrt(),
            "seed {seed}: {distance}"
        );
        let mean = mean(&gaps);
        let products: Vec<f64> = gaps
            .windows(2)
            .map(|pair| (pair[0] - mean) * (pair[1] - mean))
            .collect();
        let correlation = self::mean(&products) / mean.powi(2);
        assert!(correlation.abs() < 0.03, "seed {seed}: {correlation}");
    }
}

#[test]
fn counts_of_a_poisson_process_vary_as_much_as_their_mean() {
    for seed in SEEDS {
        let moments = steady(Pattern::Poisson, seed, 40_000);
        let up_to = |window: u32| {
            let end = f64::from(window) / 10.0;
            moments.partition_point(|moment| *moment < end) as f64
        };
        let counts: Vec<f64> = (0..1_900).map(|at| up_to(at + 1) - up_to(at)).collect();
        let mean = mean(&counts);
        let dispersion = variation(&counts).powi(2) * mean;
        assert!((mean - 20.0).abs() < 0.6, "seed {seed}: {mean}");
        assert!((dispersion - 1.0).abs() < 0.15, "seed {seed}: {dispersion}");
    }
}

#[test]
fn gamma_gaps_have_the_spread_of_their_smoothness() {
    for smoothness in [0.25, 1.0, 4.0, 100.0] {
        for seed in SEEDS {
            let gaps = gaps(&steady(Pattern::Gamma { smoothness }, seed, 20_000));
            let expected = smoothness.recip().sqrt();
            let variation = variation(&gaps);
            assert!((mean(&gaps) * 200.0 - 1.0).abs() < 0.05 * expected.max(0.2));
            assert!(
                (variation / expected - 1.0).abs() < 0.06,
                "smoothness {smoothness}, seed {seed}: {variation}"
            );
        }
    }
}

#[test]
fn a_poisson_process_on_a_ramp_is_uniform_in_the_area_below_it() {
    let curve = Curve::ramp(400.0, Duration::from_secs(50)).unwrap();
    for seed in SEEDS {
        let moments = moments(Pattern::Poisson, curve.clone(), seed, 12_000);
        let on_ramp: Vec<f64> = moments.into_iter().filter(|at| *at < 50.0).collect();
        let n = on_ramp.len() as f64;
        assert!((n - 10_000.0).abs() < 400.0, "seed {seed}: {n}");
        let distance = distance(&on_ramp, |at| (at / 50.0).powi(2));
        assert!(distance < 1.95 / n.sqrt(), "seed {seed}: {distance}");
    }
}

#[test]
fn the_seed_alone_decides() {
    let of = |seed| steady(Pattern::Poisson, seed, 100);
    assert_eq!(of(3), of(3));
    assert_ne!(of(3), of(4));
}

#[test]
fn a_curve_that_falls_to_zero_ends() {
    let at = |seconds, rate| RatePoint {
        at: Duration::from_secs(seconds),
        rate,
    };
    let curve = Curve::through(&[at(0, 10.0), at(2, 0.0)]).unwrap();
    let moments = moments(Pattern::Constant, curve, 1, 20);
    let n = moments.iter().filter(|moment| moment.is_finite()).count();
    assert_eq!(n, 11);
    assert!(moments[..n].iter().all(|moment| *moment <= 2.0));
}
