//! What a gauge's average is unsure of because it is read only now and then.

/// 97.5th percentile of the normal distribution: two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Half the width of the 95 % confidence interval of the weighted mean of `values`, which were read
/// in this order, each at a random moment of the stretch of time that is its weight. `None` for
/// fewer than three values.
///
/// A reading stands for its stretch; by how much it may be off is told by the difference from its
/// neighbours in time: half its square estimates the variance within a stretch, whether the gauge
/// moves slowly or jumps about (stratified sampling with one unit per stratum, the estimator of
/// successive differences: Wolter, *Introduction to Variance Estimation*, 8.2). Stretches differ in
/// length, so that the degrees of freedom are Satterthwaite's, two thirds of them as the
/// differences overlap (von Neumann et al. 1941), with Student's t. A drift counts as spread, which
/// errs on the safe side.
pub fn sampling_error(values: &[f64], weights: &[f64]) -> Option<f64> {
    if values.len() != weights.len() {
        return None;
    }
    let mut sampling = Sampling::default();
    sampling.extend(values, weights, 0..values.len());
    sampling.error(weights.iter().sum())
}

/// What [`sampling_error`] is made of: sums over readings, which may be added in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sampling {
    readings: u64,
    /// Of the variances within the stretches, by the squares of their weights.
    variances: f64,
    /// The same terms, squared.
    squares: f64,
}

impl Sampling {
    /// Adds a reading that stands for `weight` of the time, between its neighbours in time.
    pub fn add(&mut self, before: Option<f64>, value: f64, after: Option<f64>, weight: f64) {
        let half = |other: f64| (other - value).powi(2) / 2.0;
        let variance = match (before.map(half), after.map(half)) {
            (Some(before), Some(after)) => f64::midpoint(before, after),
            (one, other) => one.or(other).unwrap_or_default(),
        };
        let part = variance * weight * weight;
        self.readings += 1;
        self.variances += part;
        self.squares += part * part;
    }

    /// Adds those of consecutive readings whose places are in `which`.
    pub fn extend(&mut self, values: &[f64], weights: &[f64], which: std::ops::Range<usize>) {
        for at in which {
            let before = at.checked_sub(1).map(|before| values[before]);
            self.add(before, values[at], values.get(at + 1).copied(), weights[at]);
        }
    }

    /// The error if these are all readings, and `total` their weight.
    pub fn error(&self, total: f64) -> Option<f64> {
        let Self {
            readings,
            variances,
            squares,
        } = *self;
        if readings < 3 {
            return None;
        }
        if variances <= 0.0 || total <= 0.0 {
            return Some(0.0).filter(|_| variances == 0.0 && total > 0.0);
        }
        let freedom = (variances * variances / squares * 2.0 / 3.0).max(1.0);
        let error = variances.sqrt() / total * students_t(freedom);
        Some(error).filter(|error| error.is_finite())
    }
}

/// 97.5th percentiles of Student's t for one, two and three degrees of freedom.
const FEW_DEGREES: [f64; 3] = [12.706_204_736, 4.302_652_730, 3.182_446_305];

/// 97.5th percentile of Student's t, by its expansion around the normal one (Abramowitz and Stegun
/// 26.7.5). For less than three degrees of freedom, where that is poor, it lies between the exact ones:
/// its logarithm is nearly linear in the inverse of the degrees. Within 3 % everywhere.
fn students_t(freedom: f64) -> f64 {
    let [one, two, three] = FEW_DEGREES.map(f64::ln);
    let between = |at: (f64, f64), to: (f64, f64)| {
        let share = (1.0 / freedom - 1.0 / at.0) / (1.0 / to.0 - 1.0 / at.0);
        (at.1 + share * (to.1 - at.1)).exp()
    };
    if freedom < 2.0 {
        return between((1.0, one), (2.0, two));
    }
    if freedom < 3.0 {
        return between((2.0, two), (3.0, three));
    }
    let z2 = Z * Z;
    let first = Z * (z2 + 1.0) / 4.0;
    let second = Z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
    let third = Z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
    Z + (first + (second + third / freedom) / freedom) / freedom
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Fewer readings than three say nothing of their spread.
    #[test]
    fn few_readings_have_no_error() {
        assert_eq!(sampling_error(&[1.0, 2.0], &[1.0, 1.0]), None);
        assert_eq!(sampling_error(&[2.0; 4], &[1.0; 4]), Some(0.0));
    }

    #[test]
    fn students_t_is_that_of_the_tables() {
        for (freedom, expect) in [
            (1.0, 12.706),
            (1.25, 8.028),
            (1.523, 5.891),
            (2.0, 4.303),
            (2.5, 3.575),
            (3.0, 3.182),
            (5.0, 2.571),
            (10.0, 2.228),
            (60.0, 2.000),
        ] {
            assert!(
                (students_t(freedom) / expect - 1.0).abs() < 0.03,
                "{freedom}"
            );
        }
    }

    proptest! {
        #[test]
        fn unit_and_offset_do_not_matter(
            values in prop::collection::vec(-100_i32..100, 3..30),
            shift in -100_i32..100,
        ) {
            let weights: Vec<f64> = (0..values.len()).map(|i| 1.0 + (i % 3) as f64).collect();
            let plain: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
            let moved: Vec<f64> = values.iter().map(|v| 4.0 * f64::from(v + shift)).collect();
            let (a, b) = (sampling_error(&plain, &weights), sampling_error(&moved, &weights));
            prop_assert!((4.0 * a.unwrap() - b.unwrap()).abs() <= 1e-9 * b.unwrap().max(1.0));
        }
    }

    /// Share of 1000 runs in which the interval holds the truth. The gauge is read once at a random
    /// moment of each of `n` stretches.
    fn coverage(n: u32, signal: impl Fn(f64, f64) -> f64) -> f64 {
        let mut random = StdRng::seed_from_u64(7);
        let (runs, mut held) = (1000, 0);
        for _ in 0..runs {
            let phase = random.random::<f64>();
            let values: Vec<f64> = (0..n)
                .map(|i| signal(f64::from(i) + random.random::<f64>(), phase))
                .collect();
            // Prime, so that no period is sampled in step.
            let steps = 97 * n;
            let truth = (0..steps)
                .map(|i| signal(f64::from(i) / 97.0, phase))
                .sum::<f64>();
            let mean = values.iter().sum::<f64>() / f64::from(n);
            let error = sampling_error(&values, &vec![1.0; n as usize]).unwrap();
            held += u32::from((mean - truth / f64::from(steps)).abs() <= error + 1e-9);
        }
        f64::from(held) / f64::from(runs)
    }

    #[test]
    fn the_truth_lies_inside_in_95_percent_of_runs() {
        let wave =
            |period: f64| move |t: f64, phase: f64| f64::from((t / period + phase).fract() < 0.5);
        for n in [6, 12, 20, 60] {
            for period in [0.05, 0.3, 1.0, 2.5, 7.0] {
                let share = coverage(n, wave(period));
                assert!(share >= 0.93, "{n} readings, period {period}: {share}");
            }
            let drift = coverage(n, |t, phase| t + 3.0 * phase);
            assert!(drift >= 0.95, "{n} readings of a drift: {drift}");
            let sine = coverage(n, |t, phase| {
                ((t / 1.7 + phase) * std::f64::consts::TAU).sin()
            });
            assert!(sine >= 0.93, "{n} readings of a sine: {sine}");
        }
    }
}
