//! A rate that changes over time.

use std::time::Duration;

/// A rate at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatePoint {
    /// Since the start of the phase.
    pub at: Duration,
    /// Requests per second, 0 or more.
    pub rate: f64,
}

/// Requests per second over time: linear between points, constant before the first and after the
/// last one. Two points at one moment are a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Start of each piece, by time. The last one goes on for ever.
    pieces: Vec<Piece>,
}

/// From here to the next piece.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    /// Seconds since the start.
    from: f64,
    /// Rate at its start.
    rate: f64,
    /// Change of the rate per second.
    slope: f64,
    /// Requests up to its start.
    before: f64,
}

/// Points that make no curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CurveError {
    /// There is no point.
    #[error("has no point")]
    Empty,
    /// A rate is negative or no number.
    #[error("has a rate below 0, at point {0}")]
    Rate(usize),
    /// A point lies before the one before it.
    #[error("goes back in time, at point {0}")]
    Order(usize),
    /// All rates are 0.
    #[error("never has a rate above 0")]
    Silent,
}

impl Curve {
    /// The same rate all the time.
    ///
    /// # Errors
    /// [`CurveError`] if the rate is not above 0.
    pub fn constant(rate: f64) -> Result<Self, CurveError> {
        let at = Duration::ZERO;
        Self::through(&[RatePoint { at, rate }])
    }

    /// Rises evenly from 0, reaches `rate` after `duration`, and stays there.
    ///
    /// # Errors
    /// [`CurveError`] if the rate is not above 0.
    pub fn ramp(rate: f64, duration: Duration) -> Result<Self, CurveError> {
        let begin = RatePoint {
            at: Duration::ZERO,
            rate: 0.0,
        };
        Self::through(&[begin, RatePoint { at: duration, rate }])
    }

    /// Goes through these points.
    ///
    /// # Errors
    /// The first [`CurveError`] that is found; points are counted from 1.
    pub fn through(points: &[RatePoint]) -> Result<Self, CurveError> {
        for (number, point) in (1..).zip(points) {
            if !point.rate.is_finite() || point.rate < 0.0 {
                return Err(CurveError::Rate(number));
            }
        }
        for (number, pair) in (2..).zip(points.windows(2)) {
            if pair[1].at < pair[0].at {
                return Err(CurveError::Order(number));
            }
        }
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return Err(CurveError::Empty);
        };
        let level = |from, rate, before| Piece {
            from,
            rate,
            slope: 0.0,
            before,
        };
        let mut before = first.at.as_secs_f64() * first.rate;
        let mut pieces = vec![level(0.0, first.rate, 0.0)];
        for pair in points.windows(2) {
            let from = pair[0].at.as_secs_f64();
            let length = pair[1].at.as_secs_f64() - from;
            if length > 0.0 {
                pieces.push(Piece {
                    from,
                    rate: pair[0].rate,
                    slope: (pair[1].rate - pair[0].rate) / length,
                    before,
                });
                before += length * f64::midpoint(pair[0].rate, pair[1].rate);
            }
        }
        pieces.push(level(last.at.as_secs_f64(), last.rate, before));
        if before <= 0.0 && last.rate <= 0.0 {
            return Err(CurveError::Silent);
        }
        Ok(Self { pieces })
    }

    /// Seconds until `requests` have been due, which need be no whole number, and the rate is above 0;
    /// `None` if that never happens. It rises with `requests`. O(log points).
    pub fn time_of(&self, requests: f64) -> Option<f64> {
        let after = self
            .pieces
            .partition_point(|piece| piece.before <= requests);
        let Piece {
            from,
            rate,
            slope,
            before,
        } = *self.pieces.get(after.max(1) - 1)?;
        let missing = requests - before;
        if missing <= 0.0 {
            return Some(from);
        }
        // Half slope * t^2 + rate * t = missing, in the form that loses no digits for small slopes.
        let root = (rate * rate + 2.0 * slope * missing).max(0.0).sqrt();
        let denominator = rate + root;
        (denominator > 0.0).then(|| from + 2.0 * missing / denominator)
    }

    /// The highest rate that it reaches, per second.
    pub fn peak(&self) -> f64 {
        self.pieces
            .iter()
            .map(|piece| piece.rate)
            .fold(0.0, f64::max)
    }

    /// Seconds until the rate no longer changes; `None` if it never does.
    pub fn ramp_seconds(&self) -> Option<f64> {
        let last = self.pieces.last()?.from;
        (last > 0.0).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(seconds: f64, rate: f64) -> RatePoint {
        let at = Duration::from_secs_f64(seconds);
        RatePoint { at, rate }
    }

    fn curve(points: &[(f64, f64)]) -> Result<Curve, CurveError> {
        let points: Vec<_> = points.iter().map(|&(at, rate)| point(at, rate)).collect();
        Curve::through(&points)
    }

    fn near(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-9)
    }

    #[test]
    fn a_constant_rate_is_evenly_spaced() {
        let curve = Curve::constant(200.0).unwrap();
        assert!(near(curve.time_of(0.0), 0.0) && near(curve.time_of(1000.0), 5.0));
        assert_eq!(curve.ramp_seconds(), None);
    }

    #[test]
    fn a_ramp_sends_half_as_much_as_its_end_would() {
        let curve = Curve::ramp(100.0, Duration::from_secs(10)).unwrap();
        assert!(
            near(curve.time_of(500.0), 10.0),
            "{:?}",
            curve.time_of(500.0)
        );
        assert!(near(curve.time_of(125.0), 5.0));
        assert!(near(curve.time_of(600.0), 11.0));
        assert_eq!((curve.peak(), curve.ramp_seconds()), (100.0, Some(10.0)));
        let at_once = Curve::ramp(100.0, Duration::ZERO).unwrap();
        assert!(near(at_once.time_of(100.0), 1.0));
    }

    #[test]
    fn silence_is_skipped_and_steps_are_kept() {
        let curve = curve(&[(1.0, 10.0), (2.0, 10.0), (2.0, 0.0), (5.0, 0.0), (5.0, 4.0)]).unwrap();
        assert!(near(curve.time_of(19.0), 1.9));
        assert!(near(curve.time_of(20.0), 5.0), "not while the rate is 0");
        assert!(near(curve.time_of(24.0), 6.0));
    }

    #[test]
    fn a_curve_that_ends_at_zero_ends() {
        let curve = curve(&[(0.0, 10.0), (2.0, 0.0)]).unwrap();
        assert!(near(curve.time_of(9.999), 1.98));
        assert_eq!(curve.time_of(10.5), None);
    }

    #[test]
    fn what_is_no_curve_is_refused() {
        assert_eq!(curve(&[]), Err(CurveError::Empty));
        assert_eq!(curve(&[(0.0, 1.0), (1.0, -1.0)]), Err(CurveError::Rate(2)));
        assert_eq!(curve(&[(0.0, f64::NAN)]), Err(CurveError::Rate(1)));
        assert_eq!(curve(&[(2.0, 1.0), (1.0, 1.0)]), Err(CurveError::Order(2)));
        assert_eq!(curve(&[(0.0, 0.0), (1.0, 0.0)]), Err(CurveError::Silent));
        assert_eq!(Curve::constant(0.0), Err(CurveError::Silent));
    }

    proptest! {
        /// The requests due up to a moment, added up in small steps, are those whose time it is.
        #[test]
        fn time_of_inverts_the_area_below_the_curve(
            points in prop::collection::vec((0.0_f64..5.0, 0.1_f64..50.0), 1..6),
            until in 0.0_f64..20.0,
        ) {
            let mut at = 0.0;
            let points: Vec<_> = points.iter().map(|(gap, rate)| { at += gap; point(at, *rate) }).collect();
            let curve = Curve::through(&points).unwrap();
            let rate = |t: f64| {
                let after = points.partition_point(|point| point.at.as_secs_f64() <= t);
                let (Some(left), right) = (after.checked_sub(1).map(|at| points[at]), points.get(after)) else {
                    return points[0].rate;
                };
                let Some(right) = right else { return left.rate };
                let from = left.at.as_secs_f64();
                let share = (t - from) / (right.at.as_secs_f64() - from);
                left.rate + share * (right.rate - left.rate)
            };
            let steps = 20_000;
            let step = until / f64::from(steps);
            let area: f64 = (0..steps).map(|n| rate((f64::from(n) + 0.5) * step) * step).sum();
            let found = curve.time_of(area).unwrap();
            prop_assert!((found - until).abs() < 0.01, "{found} instead of {until}");
        }

        #[test]
        fn time_never_goes_back(
            points in prop::collection::vec((0.0_f64..3.0, 0.0_f64..50.0), 1..6),
            requests in prop::collection::vec(0.0_f64..500.0, 2),
        ) {
            let mut at = 0.0;
            let points: Vec<_> = points.iter().map(|(gap, rate)| { at += gap; point(at, *rate) }).collect();
            let Ok(curve) = Curve::through(&points) else { return Ok(()) };
            let (few, many) = (requests[0].min(requests[1]), requests[0].max(requests[1]));
            if let (Some(few), Some(many)) = (curve.time_of(few), curve.time_of(many)) {
                prop_assert!(few <= many + 1e-9);
            }
        }
    }
}
