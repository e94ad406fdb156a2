//! Between which values a percentile of everything that could have been measured lies.
//!
//! Of `n` independent values the number that is not above the true percentile `p` is binomial, whatever
//! the distribution: so are the ranks of the values that enclose it.

/// Ranks, from 1, of the values below and above the percentile `p` (0 to 100, neither of the ends): on
/// each side the true one lies beyond with a probability of at most `(1 - level) / 2`. `None` for a
/// side on which `n` values are too few for that.
///
/// O(√n).
pub fn percentile_ranks(n: u64, p: f64, level: f64) -> (Option<u64>, Option<u64>) {
    let tail = (1.0 - level) / 2.0;
    let binomial = Binomial::new(n, p / 100.0);
    // Beyond the lower value if at most `rank - 1` values are not above the percentile.
    let lower = binomial.most(tail).map(|most| most + 1);
    // Beyond the upper value if at least `rank` are, which is the same seen from the other end.
    let upper = Binomial::new(n, 1.0 - p / 100.0).most(tail);
    (lower, upper.map(|most| n - most))
}

/// How many of `n` things happen, each with the same probability.
#[derive(Debug)]
struct Binomial {
    /// The smallest number whose probability is worth a thought.
    first: u64,
    /// Probabilities from there on.
    chances: Vec<f64>,
}

/// What is less likely than the most likely number by this factor cannot be told from never.
const NEGLIGIBLE: f64 = 1e-20;

impl Binomial {
    /// `p` between 0 and 1.
    fn new(n: u64, p: f64) -> Self {
        let odds = p / (1.0 - p);
        let most_likely = most_likely(n, p);
        // From the most likely number to both sides, in its unit.
        let step_down = |k: u64| k as f64 / ((n - k + 1) as f64 * odds);
        let step_up = |k: u64| (n - k) as f64 / (k + 1) as f64 * odds;
        let mut chances = vec![1.0];
        let mut first = most_likely;
        while first > 0 && chances[chances.len() - 1] > NEGLIGIBLE {
            chances.push(chances[chances.len() - 1] * step_down(first));
            first -= 1;
        }
        chances.reverse();
        let mut last = most_likely;
        while last < n && chances[chances.len() - 1] > NEGLIGIBLE {
            chances.push(chances[chances.len() - 1] * step_up(last));
            last += 1;
        }
        let sum: f64 = chances.iter().sum();
        for chance in &mut chances {
            *chance /= sum;
        }
        Self { first, chances }
    }

    /// The largest number that is not exceeded with a probability of at most `tail`; `None` if even 0
    /// is likelier than that.
    fn most(&self, tail: f64) -> Option<u64> {
        let mut sum = 0.0;
        let mut most = self.first.checked_sub(1);
        for (number, chance) in (self.first..).zip(&self.chances) {
            sum += chance;
            if sum > tail {
                break;
            }
            most = Some(number);
        }
        most
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of `n` lies between 0 and `n`"
)]
fn most_likely(n: u64, p: f64) -> u64 {
    (((n as f64 + 1.0) * p) as u64).min(n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Probability of at most `most` of `n`, term by term.
    fn naive(n: u64, p: f64, most: u64) -> f64 {
        let choose = |k: u64| {
            (0..k)
                .map(|i| (n - i) as f64 / (i + 1) as f64)
                .product::<f64>()
        };
        let power = |base: f64, times: u64| (0..times).map(|_| base).product::<f64>();
        (0..=most)
            .map(|k| choose(k) * power(p, k) * power(1.0 - p, n - k))
            .sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn ranks_are_the_innermost_that_are_sure_enough(
            n in 1..45_u64,
            p in prop::sample::select(vec![1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9]),
        ) {
            let (lower, upper) = percentile_ranks(n, p, 0.95);
            let share = p / 100.0;
            // The true one lies below the value of rank `l` if at most `l - 1` are not above it.
            let below = |rank: u64| naive(n, share, rank - 1);
            let above = |rank: u64| naive(n, 1.0 - share, n - rank);
            match lower {
                Some(rank) => prop_assert!(below(rank) <= 0.025 + 1e-12),
                None => prop_assert!(below(1) > 0.025 - 1e-12),
            }
            let next = lower.unwrap_or(0) + 1;
            prop_assert!(next > n || below(next) > 0.025 - 1e-12);
            match upper {
                Some(rank) => prop_assert!(above(rank) <= 0.025 + 1e-12),
                None => prop_assert!(above(n) > 0.025 - 1e-12),
            }
            let next = upper.unwrap_or(n + 1) - 1;
            prop_assert!(next == 0 || above(next) > 0.025 - 1e-12);
        }

        #[test]
        fn ranks_lie_where_a_normal_distribution_puts_them(
            n in 200_000..2_000_000_u64,
            p in prop::sample::select(vec![50.0, 90.0, 99.0, 99.9]),
        ) {
            let (lower, upper) = percentile_ranks(n, p, 0.95);
            let (mean, variance) = (n as f64 * p / 100.0, n as f64 * p / 100.0 * (1.0 - p / 100.0));
            let width = 1.959_964 * variance.sqrt();
            let near = |rank: Option<u64>, expected: f64| (rank.unwrap() as f64 - expected).abs() < 3.0;
            prop_assert!(near(lower, mean - width), "{lower:?}");
            prop_assert!(near(upper, mean + width + 1.0), "{upper:?}");
        }
    }

    #[test]
    fn few_values_say_nothing_of_rare_ones() {
        let first = |p: f64| (1..5_000).find(|n| percentile_ranks(*n, p, 0.95).1.is_some());
        // The n from which all values are below the percentile with a probability of 2.5 % at most.
        assert_eq!(first(50.0), Some(6));
        assert_eq!(first(90.0), Some(36));
        assert_eq!(first(95.0), Some(72));
        assert_eq!(first(99.0), Some(368));
        assert_eq!(first(99.9), Some(3_688));
        // As the tables of the sign test have it.
        assert_eq!(percentile_ranks(20, 50.0, 0.95), (Some(6), Some(15)));
        assert_eq!(percentile_ranks(100, 50.0, 0.95), (Some(40), Some(61)));
        assert_eq!(percentile_ranks(0, 50.0, 0.95), (None, None));
    }

    /// The true percentile lies in as many of the intervals as they say.
    #[test]
    fn intervals_hold_the_percentile_as_often_as_they_say() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut unit = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for (n, p) in [(30_u64, 50.0), (50, 90.0), (100, 95.0)] {
            let (lower, upper) = percentile_ranks(n, p, 0.95);
            let rank = |rank: Option<u64>| usize::try_from(rank.unwrap() - 1).unwrap();
            let (lower, upper) = (rank(lower), rank(upper));
            let trials = 4_000;
            let held = (0..trials).filter(|_| {
                let mut values: Vec<f64> = (0..n).map(|_| unit()).collect();
                values.sort_by(f64::total_cmp);
                (values[lower]..=values[upper]).contains(&(p / 100.0))
            });
            let share = held.count() as f64 / f64::from(trials);
            assert!((0.94..0.99).contains(&share), "{n} p{p}: {share}");
        }
    }
}
