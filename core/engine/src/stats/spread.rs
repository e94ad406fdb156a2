//! Standard deviation of a histogram whose sum is known.

use aiperf_plugin_sdk::report::ValueBounds;

use super::bucket::{Cumulative, lower_edge};

/// Standard deviation of observations that only buckets and a sum tell of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// If observations lie evenly in their buckets; `None` if some lie above the last edge.
    pub estimate: Option<f64>,
    /// What every set of observations with these buckets and this sum keeps to.
    pub bounds: ValueBounds,
}

/// A bucket with observations: edges and number.
#[derive(Debug, Clone, Copy)]
struct Cell {
    lower: f64,
    upper: f64,
    count: f64,
}

/// Population standard deviation around the exact mean `sum / n`.
///
/// `None` without observations, if the first bucket has no lower edge, or if the sum cannot come
/// from these buckets (a page torn between them).
pub fn spread(buckets: &[Cumulative], sum: f64) -> Option<Spread> {
    let cells = cells(buckets);
    let n: f64 = cells.iter().map(|cell| cell.count).sum();
    let least: f64 = cells.iter().map(|cell| cell.count * cell.lower).sum();
    let most: f64 = cells.iter().map(|cell| cell.count * cell.upper).sum();
    // Rounding of the server's accumulator.
    let slack = 1e-9 * sum.abs();
    let possible = least.is_finite() && least - slack <= sum && sum <= most + slack;
    if n <= 0.0 || !possible {
        return None;
    }
    let mean = sum / n;
    let excess = (sum - least).max(0.0);
    let lower = (smallest(&cells, mean, excess) / n).sqrt();
    let upper = (largest(&cells, mean, excess) / n).sqrt().max(lower);
    let even = (evenly(&cells, mean) / n).sqrt();
    Some(Spread {
        estimate: Some(even.clamp(lower, upper)).filter(|_| most.is_finite()),
        bounds: ValueBounds {
            lower: Some(lower),
            upper: Some(upper),
        },
    })
}

fn cells(buckets: &[Cumulative]) -> Vec<Cell> {
    let mut before = 0.0;
    let cell = |(index, bucket): (usize, &Cumulative)| {
        let count = bucket.count - before;
        before = bucket.count;
        Cell {
            lower: lower_edge(buckets, index),
            upper: bucket.le,
            count,
        }
    };
    buckets
        .iter()
        .enumerate()
        .map(cell)
        .filter(|cell| cell.count > 0.0)
        .collect()
}

/// Squared distances from the mean if each bucket is evenly filled.
fn evenly(cells: &[Cell], mean: f64) -> f64 {
    let squares = cells.iter().map(|cell| {
        let width = cell.upper - cell.lower;
        let middle = f64::midpoint(cell.lower, cell.upper);
        cell.count * ((middle - mean).powi(2) + width * width / 12.0)
    });
    squares.sum()
}

/// The least sum of squared distances: what exceeds the lower edges raises the lowest first, all
/// observations of a bucket alike.
fn smallest(cells: &[Cell], mean: f64, mut excess: f64) -> f64 {
    let mut squares = 0.0;
    for cell in cells {
        let raise = excess.min(cell.count * (cell.upper - cell.lower));
        excess -= raise;
        squares += cell.count * (cell.lower + raise / cell.count - mean).powi(2);
    }
    squares
}

/// The largest one: the excess goes to the top, one observation after the other.
fn largest(cells: &[Cell], mean: f64, mut excess: f64) -> f64 {
    let mut squares = 0.0;
    for cell in cells.iter().rev() {
        let width = cell.upper - cell.lower;
        let full = if width > 0.0 {
            (excess / width).floor().min(cell.count)
        } else {
            cell.count
        };
        if full > 0.0 {
            squares += full * (cell.upper - mean).powi(2);
            excess -= full * width;
        }
        if full < cell.count {
            squares += (cell.lower + excess - mean).powi(2);
            squares += (cell.count - full - 1.0).max(0.0) * (cell.lower - mean).powi(2);
            excess = 0.0;
        }
    }
    squares
}
