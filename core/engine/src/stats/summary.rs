//! The seven statistics of equally weighted values.

use aiperf_plugin_sdk::report::Stats;

/// Percentile `p` (0 to 100) by numpy's default method, `linear`: position `(n - 1) p / 100` among
/// the sorted values, interpolated between neighbours. `None` without values.
///
/// O(n): reorders the values, but does not sort them.
pub fn percentile(values: &mut [f64], p: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let (low, share) = position_of(p, last);
    let (_, at, above) = values.select_nth_unstable_by(low, f64::total_cmp);
    let at = *at;
    let next = above.iter().copied().min_by(f64::total_cmp).unwrap_or(at);
    Some(between(at, next, share))
}

/// Place of the percentile `p` among sorted values whose last place is `last`, and how far it is from
/// there to the next one.
pub(super) fn position_of(p: f64, last: usize) -> (usize, f64) {
    let position = (p / 100.0).clamp(0.0, 1.0) * last as f64;
    let low = floor_index(position, last);
    (low, position - low as f64)
}

/// `a` at 0, `b` at 1, from the nearer of both as numpy does. Exact when they are equal, monotone,
/// and never outside of them.
pub(super) fn between(a: f64, b: f64, fraction: f64) -> f64 {
    let step = b - a;
    let value = if fraction < 0.5 {
        a + step * fraction
    } else {
        b - step * (1.0 - fraction)
    };
    value.clamp(a.min(b), a.max(b))
}

/// The whole part of a position within `0..=last`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions lie between 0 and a slice's last index"
)]
fn floor_index(position: f64, last: usize) -> usize {
    (position.floor() as usize).min(last)
}

/// Smallest and largest value; `None` without values.
pub(super) fn extremes(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let min = values.clone().reduce(f64::min)?;
    Some((min, values.reduce(f64::max)?))
}

/// Mean, extremes, percentiles and population standard deviation of finite values, which are
/// reordered.
///
/// O(n). All `None` without values; what is too large for a number is `None` too.
pub fn summary(values: &mut [f64]) -> Stats {
    let Some(extremes) = extremes(values.iter().copied()) else {
        return Stats::default();
    };
    // Before percentiles reorder the values: sums depend on the order.
    let moments = moments(values, extremes);
    Stats {
        p99: percentile(values, 99.0),
        p90: percentile(values, 90.0),
        p50: percentile(values, 50.0),
        ..moments
    }
}

/// The seven but for percentiles, of values between `min` and `max`.
pub(super) fn moments(values: &[f64], (min, max): (f64, f64)) -> Stats {
    let n = values.len() as f64;
    // Offsets from the smallest value keep large common parts (timestamps, bytes) out of the sums.
    let mean_offset = values.iter().map(|value| value - min).sum::<f64>() / n;
    let mean = (min + mean_offset).clamp(min, max);
    let squares = values.iter().map(|value| (value - mean).powi(2));
    let std = (squares.sum::<f64>() / n).sqrt();
    Stats {
        avg: Some(mean).filter(|_| mean_offset.is_finite()),
        min: Some(min),
        max: Some(max),
        std: Some(std).filter(|std| std.is_finite()),
        ..Stats::default()
    }
}
