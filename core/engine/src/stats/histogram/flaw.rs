//! What keeps an estimator from proving or estimating.

use aiperf_plugin_sdk::report::BoundScope;

/// Why the sums cannot be used; of several the last one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    NoSum,
    Torn,
    Fractions,
    Negative,
    FractionalCounts,
    TooMany,
    LayoutChanged,
}

impl Flaw {
    /// Whether not even buckets can be used.
    pub(super) fn hides_all(self) -> bool {
        self >= Self::FractionalCounts
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NoSum => "no_sum",
            Self::Torn => "torn_pages",
            Self::Fractions => "not_integer",
            Self::Negative => "negative_observations",
            Self::FractionalCounts => "fractional_counts",
            Self::TooMany => "too_many_observations",
            Self::LayoutChanged => "bucket_layout_changed",
        }
    }
}

/// The one that proves less.
pub(super) fn weaker(a: BoundScope, b: BoundScope) -> BoundScope {
    match (a, b) {
        (BoundScope::Buckets, _) | (_, BoundScope::Buckets) => BoundScope::Buckets,
        (BoundScope::Pooled, _) | (_, BoundScope::Pooled) => BoundScope::Pooled,
        _ => BoundScope::Interval,
    }
}
