//! The largest value that keeps its limits.
//!
//! The search takes it that smaller loads keep what larger ones keep. It doubles from the smallest value
//! until one does not, and then halves the distance, on a scale of ratios. Runs are noisy: what was tried
//! is never tried again, and every value with its outcome is in the summary.

/// A search that goes on.
#[derive(Debug, Clone)]
pub struct Search {
    max: f64,
    precision: f64,
    /// Only whole numbers are tried.
    whole: bool,
    /// The largest value that kept its limits.
    kept: Option<f64>,
    /// The smallest one that did not.
    broken: Option<f64>,
    /// To be tried next.
    next: Option<f64>,
}

impl Search {
    /// Searches from `min` to `max`, both above 0 and `min` not above `max`. `precision` is a fraction
    /// between 0 and 1.
    pub fn new(min: f64, max: f64, precision: f64, whole: bool) -> Self {
        let (min, max) = if whole {
            (min.ceil(), max.floor())
        } else {
            (min, max)
        };
        Self {
            max,
            precision,
            whole,
            kept: None,
            broken: None,
            next: (min <= max).then_some(min),
        }
    }

    /// The value to try; `None` when the search has ended.
    pub fn next(&self) -> Option<f64> {
        self.next
    }

    /// The largest value that kept its limits; `None` if none did so far.
    pub fn kept(&self) -> Option<f64> {
        self.kept
    }

    /// The smallest value that broke them; `None` if none did so far.
    pub fn broken(&self) -> Option<f64> {
        self.broken
    }

    /// Whether the value that was to be tried kept its limits.
    pub fn tell(&mut self, keeps: bool) {
        let Some(tried) = self.next.take() else {
            return;
        };
        if keeps {
            self.kept = Some(tried);
        } else {
            self.broken = Some(tried);
        }
        self.next = match (self.kept, self.broken) {
            (Some(kept), None) if kept < self.max => Some((kept * 2.0).min(self.max)),
            (Some(kept), Some(broken)) => self.between(kept, broken),
            _ => None,
        };
    }

    fn between(&self, kept: f64, broken: f64) -> Option<f64> {
        if broken - kept <= self.precision * broken {
            return None;
        }
        let middle = (kept * broken).sqrt();
        let middle = if self.whole {
            middle.round().max(kept + 1.0).min(broken - 1.0)
        } else {
            rounded(middle)
        };
        (kept < middle && middle < broken).then_some(middle)
    }
}

/// Six digits are more than a search is good for, and folders are named after them.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tries until the end; returns what was tried.
    fn run(search: &mut Search, keeps: impl Fn(f64) -> bool) -> Vec<f64> {
        let mut tried = Vec::new();
        while let Some(value) = search.next() {
            tried.push(value);
            assert!(tried.len() < 200, "no end: {tried:?}");
            search.tell(keeps(value));
        }
        tried
    }

    #[test]
    fn it_doubles_and_then_halves() {
        let mut search = Search::new(1.0, 256.0, 0.01, true);
        let tried = run(&mut search, |value| value <= 23.0);
        assert_eq!(tried[..6], [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
        assert_eq!((search.kept(), search.broken()), (Some(23.0), Some(24.0)));
    }

    #[test]
    fn nothing_or_everything_may_keep_the_limits() {
        let mut search = Search::new(4.0, 100.0, 0.05, true);
        assert_eq!(run(&mut search, |_| false), [4.0]);
        assert_eq!(search.kept(), None);
        let mut search = Search::new(4.0, 100.0, 0.05, true);
        assert_eq!(run(&mut search, |_| true).last(), Some(&100.0));
        assert_eq!((search.kept(), search.broken()), (Some(100.0), None));
        assert_eq!(Search::new(1.2, 1.8, 0.05, true).next(), None);
    }

    proptest! {
        /// Against trying every whole number.
        #[test]
        fn whole_numbers_are_found_exactly_or_as_near_as_asked(
            min in 1_u32..50,
            span in 0_u32..2000,
            at in 0_u32..2100,
            precision in 0.0001_f64..0.2,
        ) {
            let (max, edge) = (min + span, f64::from(at));
            let best = (min..=max).rev().map(f64::from).find(|value| *value <= edge);
            let mut search = Search::new(f64::from(min), f64::from(max), precision, true);
            let tried = run(&mut search, |value| value <= edge);
            prop_assert!(tried.iter().all(|value| value.fract() == 0.0));
            prop_assert_eq!(search.kept().is_some(), best.is_some());
            if let Some((found, best)) = search.kept().zip(best) {
                prop_assert!(found <= best);
                let near = best - found <= (precision * best).max(1.0) + precision * found;
                prop_assert!(near, "{} instead of {}", found, best);
            }
            prop_assert!(tried.len() <= 26, "{} tries", tried.len());
        }

        #[test]
        fn fractions_are_found_as_near_as_asked(
            edge in 0.5_f64..900.0,
            precision in 0.001_f64..0.2,
        ) {
            let mut search = Search::new(0.1, 1000.0, precision, false);
            run(&mut search, |value| value <= edge);
            let (kept, broken) = search.kept().zip(search.broken()).unwrap();
            prop_assert!(kept <= edge && edge < broken);
            prop_assert!(broken - kept <= precision * broken);
        }
    }
}
