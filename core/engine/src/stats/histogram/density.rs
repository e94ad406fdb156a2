//! A bucket's estimated distribution.

use super::cells::{Cells, Moments};
use super::range::Range;
use super::shape::Shape;
use super::tilt::{Target, tilt};

/// Pieces that each part of a distribution has.
const PIECES: usize = 24;

/// Observations spread evenly over a piece; a point if it has no width.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    range: Range,
    weight: f64,
}

/// What a bucket's distribution is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket<'a> {
    pub(super) cells: &'a Cells,
    /// Where the bucket's observations can lie.
    pub(super) range: Range,
    /// Size of values above all edges, if that is where the bucket lies.
    pub(super) open: Option<f64>,
    /// Whether the range starts at zero, where observations may heap up.
    pub(super) from_zero: bool,
    pub(super) shape: &'a Shape,
}

/// A bucket's estimated distribution.
#[derive(Debug, Clone, Default)]
pub(super) struct Density {
    pieces: Vec<Piece>,
}

impl Density {
    /// The smooth curve, bent to what the intervals tell of mean and variance: as a whole, or cell
    /// by cell if the cells' means differ.
    pub(super) fn of(bucket: &Bucket<'_>) -> Self {
        let mut density = Self::default();
        let all = bucket.cells.all();
        let between: f64 = bucket
            .cells
            .filled()
            .map(|cell| cell.weight / all.weight * (cell.mean() - all.mean()).powi(2))
            .sum();
        if between <= 0.02 * all.variance() {
            density.add(bucket, &all);
        } else {
            for cell in bucket.cells.filled() {
                density.add(bucket, &cell);
            }
        }
        density
    }

    fn add(&mut self, bucket: &Bucket<'_>, part: &Moments) {
        let mean = bucket.range.clamp(part.mean());
        let deviation = part.variance().sqrt();
        if bucket.range.width() <= 0.0 || deviation <= 1e-9 * mean.abs() {
            let range = Range { lo: mean, hi: mean };
            return self.pieces.push(Piece {
                range,
                weight: part.weight,
            });
        }
        let target = Target {
            mean,
            variance: part.variance(),
        };
        let near = 5.0 * deviation < mean - bucket.range.lo;
        let edges = if bucket.open.is_none() || near {
            even_edges(bucket.range, mean, deviation)
        } else {
            open_edges(bucket.range, mean)
        };
        let mut shares = [1.0 / PIECES as f64; PIECES];
        match bucket.open {
            Some(scale) => tail(&edges, bucket.range.lo, scale, &mut shares),
            None => bucket.shape.shares(&edges, &mut shares),
        }
        let spike = bucket.from_zero && edges[0] <= bucket.range.lo;
        let weights = bend(&edges, &shares, target, spike);
        for (pair, share) in edges.windows(2).zip(weights) {
            let range = Range {
                lo: pair[0],
                hi: pair[1],
            };
            let weight = share * part.weight;
            self.pieces.push(Piece { range, weight });
        }
    }

    /// The value below which `weight` observations lie.
    pub(super) fn quantile(&self, weight: f64) -> f64 {
        let lo = self
            .pieces
            .iter()
            .map(|piece| piece.range.lo)
            .fold(f64::INFINITY, f64::min);
        let hi = self
            .pieces
            .iter()
            .map(|piece| piece.range.hi)
            .fold(f64::NEG_INFINITY, f64::max);
        let (mut lo, mut hi) = (lo, hi);
        for _ in 0..60 {
            let middle = f64::midpoint(lo, hi);
            if self.below(middle) >= weight {
                hi = middle;
            } else {
                lo = middle;
            }
        }
        hi
    }

    fn below(&self, value: f64) -> f64 {
        let share = |piece: &Piece| {
            let Range { lo, hi } = piece.range;
            if value >= hi {
                piece.weight
            } else if value <= lo {
                0.0
            } else {
                piece.weight * (value - lo) / (hi - lo)
            }
        };
        self.pieces.iter().map(share).sum()
    }
}

/// Five standard deviations around the mean, within the range.
fn even_edges(range: Range, mean: f64, deviation: f64) -> [f64; PIECES + 1] {
    let lo = range.clamp(mean - 5.0 * deviation);
    let hi = range.clamp(mean + 5.0 * deviation);
    let step = (hi - lo) / PIECES as f64;
    let mut edges = std::array::from_fn(|at| lo + step * at as f64);
    edges[PIECES] = hi;
    edges
}

/// From the last edge up, at even ratios; fine below the mean.
fn open_edges(range: Range, mean: f64) -> [f64; PIECES + 1] {
    let width = range.width();
    let finest = ((mean - range.lo) * 0.02)
        .min(width * 0.5)
        .max(width * 1e-9);
    let ratio = (width / finest).powf(1.0 / (PIECES - 1) as f64);
    let mut edges = [range.lo; PIECES + 1];
    for (at, edge) in edges.iter_mut().enumerate().skip(1) {
        *edge += finest * ratio.powf((at - 1) as f64);
    }
    edges[PIECES] = range.hi;
    edges
}

/// Shares of a tail that falls as the third power of the distance.
fn tail(edges: &[f64; PIECES + 1], lo: f64, scale: f64, shares: &mut [f64; PIECES]) {
    let beyond = |value: f64| (1.0 + (value - lo) / scale).powi(-2);
    for (share, pair) in shares.iter_mut().zip(edges.windows(2)) {
        *share = beyond(pair[0]) - beyond(pair[1]);
    }
    let sum: f64 = shares.iter().sum();
    for share in shares {
        *share /= sum;
    }
}

/// The shares with the wanted mean and variance. Where the variance is too large for the range
/// (`spike`), some observations are zero.
fn bend(
    edges: &[f64; PIECES + 1],
    shares: &[f64; PIECES],
    target: Target,
    spike: bool,
) -> [f64; PIECES] {
    let points: [f64; PIECES] = std::array::from_fn(|at| f64::midpoint(edges[at], edges[at + 1]));
    let mut weights = [0.0; PIECES];
    let variance = tilt(&points, shares, target, &mut weights);
    let (lo, width) = (edges[0], edges[PIECES] - edges[0]);
    if !spike || target.mean - lo >= 0.5 * width || target.variance < 1.02 * variance {
        return weights;
    }
    let (mut few, mut most) = (((target.mean - lo) / width * 1.02).max(1e-3), 1.0);
    for _ in 0..25 {
        let share = f64::midpoint(few, most);
        let mean = lo + (target.mean - lo) / share;
        let above = Target {
            mean,
            variance: f64::INFINITY,
        };
        tilt(&points, shares, above, &mut weights);
        for weight in &mut weights {
            *weight *= share;
        }
        weights[0] += 1.0 - share;
        let moment = |power: i32| -> f64 {
            let terms = points
                .iter()
                .zip(&weights)
                .map(|(x, w)| w * (x - lo).powi(power));
            terms.sum()
        };
        if moment(2) - moment(1).powi(2) > target.variance {
            few = share;
        } else {
            most = share;
        }
    }
    weights
}
