//! Statistics of a gauge: each reading stands for the time nearest to it.

use aiperf_plugin_sdk::report::Stats;

use super::summary::{between, extremes, summary};

/// The part of the window `[start, end]` that is nearest to each of the rising `times`.
///
/// Borders lie halfway between neighbours; the first and last reading reach to the window's ends.
/// The weights add up to the window's length, in the unit of the times. All times must lie within
/// the window.
pub fn nearest_weights(times: &[i64], start: i64, end: i64) -> Vec<f64> {
    // Twice the offset from the start: a whole number, so that no half is rounded.
    let border = |i: usize| match i {
        0 => 0,
        i if i == times.len() => 2 * (end - start),
        i => (times[i - 1] - start) + (times[i] - start),
    };
    (0..times.len())
        .map(|i| (border(i + 1) - border(i)) as f64 / 2.0)
        .collect()
}

/// The seven statistics of finite values with weights of at least 0.
///
/// A percentile interpolates linearly between the values at the middles of their shares of the
/// total weight, scaled so that the smallest value is at 0 and the largest at 100. For equal
/// weights that is numpy's `linear`. Neither the order of the values nor the unit of the weights
/// matters. Without any positive weight all weights count as equal.
pub fn weighted_summary(values: &[f64], weights: &[f64]) -> Stats {
    let mut pairs: Vec<(f64, f64)> = values
        .iter()
        .copied()
        .zip(weights.iter().copied())
        .filter(|(_, weight)| *weight > 0.0)
        .collect();
    let Some((min, max)) = extremes(values.iter().copied()).filter(|_| !pairs.is_empty()) else {
        return summary(&mut values.to_vec());
    };
    // Equal values by weight: the result must not depend on which came first.
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let total: f64 = pairs.iter().map(|(_, weight)| weight).sum();
    let offset = pairs.iter().map(|(v, w)| (v - min) * w).sum::<f64>() / total;
    let mean = (min + offset).clamp(min, max);
    let squares = pairs.iter().map(|(v, w)| (v - mean).powi(2) * w);
    let std = (squares.sum::<f64>() / total).sqrt();
    let positions = positions(&pairs);
    let at = |p: f64| Some(interpolate(&pairs, &positions, p));
    Stats {
        avg: Some(mean).filter(|_| offset.is_finite()),
        min: Some(min),
        max: Some(max),
        p99: at(0.99),
        p90: at(0.90),
        p50: at(0.50),
        std: Some(std).filter(|std| std.is_finite()),
    }
}

/// Place of each value between 0 and 1: the middle of its share.
fn positions(pairs: &[(f64, f64)]) -> Vec<f64> {
    let mut before = 0.0;
    let middle = |(_, weight): &(f64, f64)| {
        let middle = before + weight / 2.0;
        before += weight;
        middle
    };
    let middles: Vec<f64> = pairs.iter().map(middle).collect();
    let (first, last) = (middles[0], middles[middles.len() - 1]);
    let span = last - first;
    let place = |middle: &f64| {
        if span > 0.0 {
            (middle - first) / span
        } else {
            0.0
        }
    };
    middles.iter().map(place).collect()
}

fn interpolate(pairs: &[(f64, f64)], positions: &[f64], p: f64) -> f64 {
    let above = positions.partition_point(|position| *position < p);
    if above == 0 || pairs.len() == 1 {
        return pairs[0].0;
    }
    let above = above.min(pairs.len() - 1);
    let (low, high) = (positions[above - 1], positions[above]);
    let fraction = if high > low {
        (p - low) / (high - low)
    } else {
        1.0
    };
    between(pairs[above - 1].0, pairs[above].0, fraction)
}
