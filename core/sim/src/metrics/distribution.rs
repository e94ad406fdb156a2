//! Histograms that can be shown under several sets of buckets.
//!
//! The same latency appears in one page as vLLM's histogram and as Dynamo's, with different bounds.
//! It is recorded once, over the union of all bounds; a family reads off the bounds it has. Values
//! are integers (nanoseconds, tokens, bytes), so that sums are exact in any order.

use std::sync::LazyLock;

use super::bounds;

/// Bounds of durations, in nanoseconds.
static SECONDS: LazyLock<Vec<u64>> = LazyLock::new(|| union(bounds::SECONDS, 1e9));
/// Bounds of counts.
static COUNTS: LazyLock<Vec<u64>> = LazyLock::new(|| union(bounds::COUNTS, 1.0));

/// What a distribution's integers stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Nanoseconds, shown as seconds.
    Seconds,
    /// Shown as they are.
    Count,
}

/// Counts of integer values between the union of all bounds.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    scale: Scale,
    buckets: Vec<u64>,
    sum: u64,
}

impl Scale {
    fn bounds(self) -> &'static [u64] {
        match self {
            Self::Seconds => &SECONDS,
            Self::Count => &COUNTS,
        }
    }

    fn unit(self) -> f64 {
        match self {
            Self::Seconds => 1e9,
            Self::Count => 1.0,
        }
    }

    /// Where a family's bound stands in the union.
    pub(super) fn position(self, bound: f64) -> usize {
        self.bounds()
            .partition_point(|known| *known < to_integer(bound, self.unit()))
    }
}

impl Distribution {
    pub(crate) fn new(scale: Scale) -> Self {
        Self {
            scale,
            buckets: vec![0; scale.bounds().len() + 1],
            sum: 0,
        }
    }

    /// Records a value; negative ones (a clock read late) count as zero.
    pub(crate) fn observe(&mut self, value: i64) {
        let value = u64::try_from(value).unwrap_or(0);
        let bucket = self.scale.bounds().partition_point(|bound| *bound < value);
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += 1;
        }
        self.sum += value;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.sum += other.sum;
    }

    /// Values up to the bound at `position`.
    pub(super) fn cumulative(&self, position: usize) -> u64 {
        self.buckets.iter().take(position + 1).sum()
    }

    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum as f64 / self.scale.unit()
    }
}

fn union(sets: &[&[f64]], unit: f64) -> Vec<u64> {
    let mut all: Vec<u64> = sets
        .iter()
        .flat_map(|set| set.iter())
        .map(|bound| to_integer(*bound, unit))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounds are small and positive"
)]
fn to_integer(bound: f64, unit: f64) -> u64 {
    (bound * unit).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_of_every_family_is_in_the_union() {
        for (scale, sets) in [
            (Scale::Seconds, bounds::SECONDS),
            (Scale::Count, bounds::COUNTS),
        ] {
            for bound in sets.iter().flat_map(|set| set.iter()) {
                let known = scale.bounds().get(scale.position(*bound)).copied();
                assert_eq!(known, Some(to_integer(*bound, scale.unit())), "{bound}");
            }
        }
    }

    #[test]
    fn a_bucket_holds_values_up_to_and_with_its_bound() {
        let mut distribution = Distribution::new(Scale::Seconds);
        for value in [10_000_000, 10_000_001, -5] {
            distribution.observe(value);
        }
        assert_eq!(distribution.cumulative(Scale::Seconds.position(0.0)), 1);
        assert_eq!(distribution.cumulative(Scale::Seconds.position(0.01)), 2);
        assert_eq!(distribution.count(), 3);
        assert!((distribution.sum() - 0.020_000_001).abs() < 1e-15);
    }
}
