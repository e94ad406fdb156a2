//! Means of few values: Student's t.

use std::f64::consts::PI;

/// Values of several runs, and how sure their mean is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanOfRuns {
    /// How many.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation of the sample, with `n - 1`; `None` for one value.
    pub std: Option<f64>,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// Half the width of the confidence interval around the mean; `None` for one value.
    pub margin: Option<f64>,
}

/// Mean of values that are independent and about normal, with the interval that holds the true mean
/// with probability `level` (0 to 1): `mean ± t(level, n - 1) std / √n`. `None` without values.
pub fn mean_of_runs(values: &[f64], level: f64) -> Option<MeanOfRuns> {
    let (min, max) = super::summary::extremes(values.iter().copied())?;
    let n = values.len() as f64;
    let mean = min + values.iter().map(|value| value - min).sum::<f64>() / n;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    let std = (values.len() > 1).then(|| (squares.sum::<f64>() / (n - 1.0)).sqrt());
    Some(MeanOfRuns {
        n: values.len(),
        mean,
        std,
        min,
        max,
        margin: std.map(|std| t_quantile(level, values.len() - 1) * std / n.sqrt()),
    })
}

/// `t` with `P(|T| <= t) = level` for `freedom` degrees of freedom, at least one. Found by bisection,
/// to the last bits.
fn t_quantile(level: f64, freedom: usize) -> f64 {
    let level = level.clamp(0.0, 1.0 - f64::EPSILON);
    let (mut low, mut high) = (0.0, 1.0);
    while within(high, freedom) < level {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if within(middle, freedom) < level {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// `P(|T| <= t)`: Abramowitz and Stegun, 26.7.3 and 26.7.4.
fn within(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sin, cos) = angle.sin_cos();
    let is_odd = freedom % 2 == 1;
    let (mut term, mut sum) = if is_odd { (cos, 0.0) } else { (1.0, 0.0) };
    let mut k = usize::from(is_odd);
    while k + 2 <= freedom {
        sum += term;
        let k_plus = k as f64;
        term *= cos * cos * (k_plus + 1.0) / (k_plus + 2.0);
        k += 2;
    }
    if is_odd {
        2.0 / PI * (angle + sin * sum)
    } else {
        sin * sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table of the distribution, two-sided.
    #[test]
    fn quantiles_are_those_of_the_table() {
        for (level, freedom, expected) in [
            (0.95, 1, 12.7062),
            (0.95, 2, 4.3027),
            (0.95, 3, 3.1824),
            (0.95, 4, 2.7764),
            (0.95, 9, 2.2622),
            (0.95, 30, 2.0423),
            (0.95, 999, 1.9623),
            (0.99, 4, 4.6041),
            (0.99, 5, 4.0321),
            (0.90, 7, 1.8946),
        ] {
            let found = t_quantile(level, freedom);
            assert!(
                (found - expected).abs() < 5e-5,
                "{level} {freedom}: {found}"
            );
        }
    }

    #[test]
    fn one_value_says_nothing_of_its_error() {
        let one = mean_of_runs(&[3.0], 0.95).unwrap();
        assert_eq!((one.n, one.mean, one.std, one.margin), (1, 3.0, None, None));
        assert_eq!(mean_of_runs(&[], 0.95), None);
    }

    #[test]
    fn the_margin_is_that_of_the_textbook() {
        let found = mean_of_runs(&[9.0, 10.0, 11.0, 12.0], 0.95).unwrap();
        let std = (5.0_f64 / 3.0).sqrt();
        assert!((found.mean - 10.5).abs() < 1e-12);
        assert!((found.std.unwrap() - std).abs() < 1e-12);
        assert!((found.margin.unwrap() - 3.18245 * std / 2.0).abs() < 1e-4);
    }

    /// The true mean lies in as many of the intervals as they say.
    #[test]
    fn intervals_hold_the_mean_as_often_as_they_say() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut unit = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut normal = || (0..12).map(|_| unit()).sum::<f64>() - 6.0;
        let trials = 4000;
        let held = (0..trials).filter(|_| {
            let values: Vec<f64> = (0..5).map(|_| 20.0 + 3.0 * normal()).collect();
            let found = mean_of_runs(&values, 0.9).unwrap();
            (found.mean - 20.0).abs() <= found.margin.unwrap()
        });
        let share = held.count() as f64 / f64::from(trials);
        assert!((share - 0.9).abs() < 0.02, "{share}");
    }
}
