//! A rate that changes over time.

use std::time::Duration;

/// Where the rate begins to change differently.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// Seconds since the start.
    at: f64,
    /// Requests per second.
    rate: f64,
    /// Requests before.
    before: f64,
}

/// A rate that is linear between points and constant after the last.
#[derive(Clone, Debug)]
pub(super) struct Curve(Vec<Point>);

impl Curve {
    pub(super) fn new(points: &[(Duration, f64)]) -> Self {
        let mut curve: Vec<Point> = Vec::with_capacity(points.len());
        for (at, rate) in points {
            let (at, rate) = (at.as_secs_f64(), *rate);
            let area = |last: &Point| last.before + f64::midpoint(last.rate, rate) * (at - last.at);
            let before = curve.last().map_or(0.0, area);
            curve.push(Point { at, rate, before });
        }
        Self(curve)
    }

    /// Seconds until `requests` (any number from 0) have come; `None` if they never do.
    ///
    /// The inverse of the integral of the rate: gaps of a process of rate 1 that are put through it
    /// are gaps of the same process at this rate.
    pub(super) fn time_of(&self, requests: f64) -> Option<f64> {
        let after = self.0.partition_point(|point| point.before <= requests);
        let from = self.0.get(after.checked_sub(1)?)?;
        let missing = requests - from.before;
        let slope = self
            .0
            .get(after)
            .map_or(0.0, |to| (to.rate - from.rate) / (to.at - from.at));
        // rate·x + slope·x²/2 = missing, in the form that does not cancel.
        let root = (from.rate * from.rate + 2.0 * slope * missing)
            .max(0.0)
            .sqrt();
        let wait = if missing > 0.0 {
            2.0 * missing / (from.rate + root)
        } else {
            0.0
        };
        Some(from.at + wait).filter(|at| at.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn curve(points: &[(f64, f64)]) -> Curve {
        let points = points.iter();
        let points: Vec<_> = points
            .map(|(at, rate)| (Duration::from_secs_f64(*at), *rate))
            .collect();
        Curve::new(&points)
    }

    #[test]
    fn a_constant_rate_has_even_times() {
        let curve = curve(&[(0.0, 4.0)]);
        assert_eq!(curve.time_of(0.0), Some(0.0));
        assert_eq!(curve.time_of(10.0), Some(2.5));
    }

    #[test]
    fn nothing_comes_after_a_rate_of_zero() {
        let curve = curve(&[(0.0, 2.0), (2.0, 0.0)]);
        assert_eq!(curve.time_of(1.9).map(|at| at < 2.0), Some(true));
        assert_eq!(curve.time_of(2.1), None);
    }

    proptest! {
        /// The integral, summed in small steps, up to the time that was given.
        #[test]
        fn as_many_come_as_the_rate_says(
            gaps in prop::collection::vec(0.1_f64..5.0, 1..5),
            rates in prop::collection::vec(0.0_f64..50.0, 5),
            share in 0.0_f64..1.5,
        ) {
            let mut at = 0.0;
            let mut points = vec![(0.0, rates[0] + 0.5)];
            for (gap, rate) in gaps.iter().zip(&rates[1..]) {
                at += gap;
                points.push((at, *rate + 0.5));
            }
            let rate = |t: f64| {
                let after = points.partition_point(|(at, _)| *at <= t);
                let (from, low) = points[after - 1];
                points.get(after).map_or(low, |(to, high)| low + (high - low) * (t - from) / (to - from))
            };
            let until = at * share;
            let steps = 20_000;
            let step = until / f64::from(steps);
            let area: f64 = (0..steps).map(|n| rate((f64::from(n) + 0.5) * step) * step).sum();
            let time = curve(&points).time_of(area).unwrap();
            prop_assert!((time - until).abs() <= 1e-3 * (1.0 + until), "{time} {until}");
        }
    }
}
