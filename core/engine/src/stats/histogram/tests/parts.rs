//! Solver, curve and tilt alone.

use super::*;
use crate::stats::histogram::layout::Layout;
use crate::stats::histogram::range::Range;
use crate::stats::histogram::shape::Shape;
use crate::stats::histogram::solve::{Problem, Work};
use crate::stats::histogram::tilt::{Target, tilt};

/// A problem with a solution.
#[derive(Debug, Clone)]
struct Owned {
    h: Vec<f64>,
    g: Vec<f64>,
    weights: Vec<f64>,
    total: f64,
    lo: Vec<f64>,
    hi: Vec<f64>,
    start: Vec<f64>,
}

fn problem() -> impl Strategy<Value = Owned> {
    (1..5_usize).prop_flat_map(|n| {
        let values = |range: std::ops::Range<f64>| prop::collection::vec(range, n);
        let root = prop::collection::vec(-1.0..1.0_f64, n * n);
        (
            root,
            values(-5.0..5.0),
            values(0.5..9.0),
            0.0..1.0_f64,
            values(-2.0..2.0),
            values(0.0..2.0),
            values(-3.0..3.0),
        )
            .prop_map(move |(root, g, weights, share, lo, widths, start)| {
                let mut h = vec![0.0; n * n];
                for i in 0..n {
                    for j in 0..n {
                        h[i * n + j] = (0..n).map(|k| root[i * n + k] * root[j * n + k]).sum();
                    }
                    h[i * n + i] += 0.1;
                }
                let hi: Vec<f64> = lo
                    .iter()
                    .zip(&widths)
                    .map(|(lo, width)| lo + width)
                    .collect();
                let middle = lo.iter().zip(&widths).zip(&weights);
                let total = middle
                    .map(|((lo, width), weight)| weight * (lo + share * width))
                    .sum();
                Owned {
                    h,
                    g,
                    weights,
                    total,
                    lo,
                    hi,
                    start,
                }
            })
    })
}

fn objective(problem: &Owned, x: &[f64]) -> f64 {
    let n = x.len();
    let row = |i: usize| (0..n).map(|j| problem.h[i * n + j] * x[j]).sum::<f64>();
    (0..n).map(|i| x[i] * (row(i) - 2.0 * problem.g[i])).sum()
}

/// The best of a fine raster around `x` that keeps the total, by exchanges between two variables.
fn best_exchange(problem: &Owned, x: &[f64]) -> f64 {
    let mut best = f64::INFINITY;
    for i in 0..x.len() {
        for j in 0..x.len() {
            for step in [1e-5, 1e-3, 1e-2, 0.1, 0.5] {
                let mut y = x.to_vec();
                y[i] += step / problem.weights[i];
                y[j] -= step / problem.weights[j];
                let allowed = |at: usize| (problem.lo[at]..=problem.hi[at]).contains(&y[at]);
                if i != j && allowed(i) && allowed(j) {
                    best = best.min(objective(problem, &y));
                }
            }
        }
    }
    best
}

proptest! {
    #[test]
    fn means_are_the_best_allowed_ones(problem in problem()) {
        let mut x = problem.start.clone();
        let Owned { h, g, weights, total, lo, hi, .. } = &problem;
        let view = Problem { h, g, weights, total: *total, lo, hi };
        view.solve(&mut Work::default(), &mut x);
        for ((x, lo), hi) in x.iter().zip(lo).zip(hi) {
            prop_assert!(lo <= x && x <= hi);
        }
        let sum: f64 = weights.iter().zip(&x).map(|(weight, x)| weight * x).sum();
        prop_assert!((sum - total).abs() < 1e-9, "{sum} {total}");
        // A convex problem has no other minimum: exchanges between two variables span all moves
        // that keep the total.
        let found = objective(&problem, &x);
        prop_assert!(found <= best_exchange(&problem, &x) + 1e-9, "{x:?}");
    }

    #[test]
    fn tilts_have_the_wanted_moments(
        shape in prop::collection::vec(0.01..1.0_f64, 24),
        mean in 0.02..0.98_f64,
        share in 0.05..1.0_f64,
    ) {
        let points: Vec<f64> = (0..24).map(|at| 3.0 + (f64::from(at) + 0.5) / 24.0).collect();
        let mean = points[0] + mean * (points[23] - points[0]);
        let moments = |weights: &[f64]| {
            let m: f64 = weights.iter().zip(&points).map(|(w, x)| w * x).sum();
            let v: f64 = weights.iter().zip(&points).map(|(w, x)| w * (x - m).powi(2)).sum();
            (m, v)
        };
        let sum: f64 = shape.iter().sum();
        let shape: Vec<f64> = shape.iter().map(|f| f / sum).collect();
        let mut weights = vec![0.0; 24];
        let free = tilt(&points, &shape, Target { mean, variance: f64::INFINITY }, &mut weights);
        let (found, variance) = moments(&weights);
        prop_assert!((found - mean).abs() < 1e-6 && (variance - free).abs() < 1e-9);
        // Points cannot be narrower than two neighbours around the mean.
        let wanted = (free * share).max(2.0 / 24.0 / 24.0).min(free);
        tilt(&points, &shape, Target { mean, variance: wanted }, &mut weights);
        let (found, variance) = moments(&weights);
        prop_assert!((found - mean).abs() < 1e-6, "{found} {mean}");
        prop_assert!((variance - wanted).abs() < 1e-3 * wanted, "{variance} {wanted}");
    }

    #[test]
    fn the_curve_passes_through_the_counts(edges in edges(), counts in prop::collection::vec(0..50_u32, 9)) {
        let layout = Layout::new(&edges, false);
        let closed = edges.len().min(counts.len());
        let hit: Vec<(usize, f64)> =
            (0..closed).map(|at| (at, f64::from(counts[at]))).filter(|hit| hit.1 > 0.0).collect();
        let mut shape = Shape::default();
        shape.fit(&layout, hit.iter().copied());
        for (bucket, count) in hit {
            let support = layout.support(bucket);
            let mean = shape.mean(support);
            prop_assert!(support.lo <= mean && mean <= support.hi);
            let mut before = support.lo;
            for part in [0.1, 0.5, 0.9] {
                let value = shape.quantile(support, part * count, count);
                prop_assert!(before <= value && value <= support.hi);
                before = value;
            }
        }
    }
}

#[test]
fn the_mean_of_the_curve_is_that_of_its_values() {
    let layout = Layout::new(&[1.0, 2.0, 4.0], false);
    let mut shape = Shape::default();
    shape.fit(&layout, [(0, 10.0), (1, 30.0), (2, 5.0)].into_iter());
    for (bucket, count) in [(0, 10.0), (1, 30.0), (2, 5.0)] {
        let support = layout.support(bucket);
        let value =
            |at: u32| shape.quantile(support, (f64::from(at) + 0.5) / 1000.0 * count, count);
        let mean = (0..1000).map(value).sum::<f64>() / 1000.0;
        assert!((shape.mean(support) - mean).abs() < 1e-4 * support.width());
    }
}

#[test]
fn a_tilt_without_room_stays_finite() {
    let shape = [0.25; 4];
    for (points, mean) in [
        ([1.0; 4], 1.0),
        ([0.0, 1.0, 2.0, 3.0], 0.0),
        ([0.0, 1.0, 2.0, 3.0], 9.0),
    ] {
        for variance in [0.0, 1e-300, 5.0] {
            let mut weights = [0.0; 4];
            tilt(&points, &shape, Target { mean, variance }, &mut weights);
            let sum: f64 = weights.iter().sum();
            assert!((sum - 1.0).abs() < 1e-9, "{weights:?}");
        }
    }
    assert!(Range { lo: 2.0, hi: 1.0 }.clamp(5.0) >= 1.0);
}
