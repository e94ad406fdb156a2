//! Bounds of order statistics from all intervals of a window: sharp.

use super::buffer::Buffer;
use super::constraint::Constraint;
use super::layout::Layout;
use super::range::Range;

/// Halvings of a bucket. More than a number has digits, as bounds may lie close to an edge.
const STEPS: u32 = 64;

/// Bounds of the `rank`-th smallest (from 1) of the `count` observations in a bucket: the values
/// that it can really have.
pub(super) fn rank(
    layout: &Layout,
    intervals: &Buffer,
    bucket: usize,
    rank: f64,
    count: f64,
) -> Range {
    let range = layout.range(bucket);
    let hit: Vec<(Constraint, f64)> = intervals
        .iter()
        .filter_map(|interval| {
            let (_, count) = interval.entries().find(|(hit, _)| *hit == bucket)?;
            Some((Constraint::of(layout, &interval), count))
        })
        .collect();
    let upper = upper(&hit, range, count - rank + 1.0);
    Range {
        lo: lower(&hit, Range { hi: upper, ..range }, range, rank),
        hi: upper,
    }
}

/// Largest value that `from_top` observations can have or exceed.
fn upper(hit: &[(Constraint, f64)], range: Range, from_top: f64) -> f64 {
    let possible = |value: f64| {
        let most = hit
            .iter()
            .map(|(constraint, count)| constraint.most_above(*count, value - range.lo));
        most.sum::<f64>() >= from_top
    };
    let excess: f64 = hit.iter().map(|(constraint, _)| constraint.excess).sum();
    let most = hit
        .iter()
        .map(|(constraint, count)| constraint.largest(*count, range).hi);
    let ceiling = most
        .fold(range.lo, f64::max)
        .min(range.lo + excess / from_top * (1.0 + 1e-12));
    if !ceiling.is_finite() || possible(ceiling) {
        return ceiling;
    }
    bisect(range.lo, ceiling, |value| !possible(value)).1
}

/// Smallest value that `rank` observations can have or fall short of; not above `search.hi`.
fn lower(hit: &[(Constraint, f64)], search: Range, range: Range, rank: f64) -> f64 {
    let possible = |value: f64| {
        let most = hit
            .iter()
            .map(|(constraint, count)| constraint.most_up_to(*count, range, value));
        most.sum::<f64>() >= rank
    };
    if !search.lo.is_finite() || !search.hi.is_finite() || possible(search.lo) {
        return search.lo;
    }
    bisect(search.lo, search.hi, possible).0
}

/// The last value that is not and the first that is, of a condition that holds from some value on.
fn bisect(mut before: f64, mut after: f64, holds: impl Fn(f64) -> bool) -> (f64, f64) {
    for _ in 0..STEPS {
        let middle = f64::midpoint(before, after);
        if holds(middle) {
            after = middle;
        } else {
            before = middle;
        }
    }
    (before, after)
}
