//! Values in bounded memory: moments exact, percentiles within 0.5 %.

mod cell;
#[cfg(test)]
mod tests;

use aiperf_plugin_sdk::report::Stats;

use super::summary::between;
use cell::Cell;

/// Finite values with their weights, by cells that are 1/128 of their power of two wide: bounded
/// memory, whatever the number of values.
///
/// Mean, standard deviation and extremes are exact. Percentiles are those of
/// [`weighted_summary`](super::weighted_summary) of values that are within 0.4 % of the true ones
/// (within 1e-9 if they are nearer to 0 than that), where at the border of two cells each value has
/// the average weight. A cell that has held one number only gives it back exactly if that has no
/// more than 8 significant bits, as whole numbers up to 255 have.
///
/// 12 bytes a cell. A series over one power of ten has 426 cells at most.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sketch {
    /// Cells in use, rising.
    cells: Vec<Cell>,
    /// Total weight of each.
    weights: Vec<f64>,
    n: u64,
    weight: f64,
    mean: f64,
    /// Sum of squared distances from the mean, weighted.
    squares: f64,
    /// Smallest and largest value.
    extremes: Option<(f64, f64)>,
    /// Weight of values whose cells are given up, and the highest of these cells.
    hidden: Option<(f64, Cell)>,
}

impl Sketch {
    /// How many values it holds.
    pub fn len(&self) -> u64 {
        self.n
    }

    /// True if it holds none.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Bytes that it has on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>() + self.weights.capacity() * size_of::<f64>()
    }

    /// Adds finite values, each with a weight of at least 0. O(values · log values + cells).
    pub fn extend(&mut self, values: impl IntoIterator<Item = (f64, f64)>) {
        let mut cells = Vec::new();
        for (value, weight) in values {
            self.n += 1;
            self.widen(value, value);
            self.weigh(value, weight);
            cells.push((Cell::of(value), weight));
        }
        self.add(cells);
    }

    /// Adds weight to a value that it holds already.
    pub fn weigh_more(&mut self, value: f64, weight: f64) {
        self.weigh(value, weight);
        self.add(vec![(Cell::of(value), weight)]);
    }

    /// Adds all that another one holds.
    pub fn merge(&mut self, other: &Self) {
        let weight = self.weight + other.weight;
        if other.weight > 0.0 {
            let apart = other.mean - self.mean;
            self.squares += other.squares + apart * apart * self.weight * other.weight / weight;
            self.mean += apart * (other.weight / weight);
            self.weight = weight;
        }
        self.n += other.n;
        if let Some((min, max)) = other.extremes {
            self.widen(min, max);
        }
        if let Some((weight, highest)) = other.hidden {
            let (mine, known) = self.hidden.unwrap_or((0.0, highest));
            self.hidden = Some((mine + weight, known.higher(highest)));
        }
        self.add(other.pairs().collect());
    }

    fn pairs(&self) -> impl Iterator<Item = (Cell, f64)> + '_ {
        self.cells.iter().copied().zip(self.weights.iter().copied())
    }

    fn widen(&mut self, min: f64, max: f64) {
        let (low, high) = self.extremes.unwrap_or((min, max));
        self.extremes = Some((low.min(min), high.max(max)));
    }

    /// Welford's update of mean and squares. The share of the first value is exactly 1, and so its mean
    /// is the value: what rounding would leave counts squared, 20 s in a time stamp's deviation.
    fn weigh(&mut self, value: f64, weight: f64) {
        if weight <= 0.0 {
            return;
        }
        if self.weight == 0.0 {
            // Not by division, which may round: the spread of one value is 0.
            self.mean = value;
        }
        self.weight += weight;
        let apart = value - self.mean;
        self.mean += apart * (weight / self.weight);
        self.squares += weight * apart * (value - self.mean);
    }

    fn add(&mut self, mut pairs: Vec<(Cell, f64)>) {
        // Stable, and the order of equal cells does not matter but for rounding.
        pairs.sort_by(|a, b| a.0.by_place(b.0));
        pairs.dedup_by(|next, kept| {
            let same = next.0.by_place(kept.0).is_eq();
            if same {
                *kept = (kept.0.joined(next.0), kept.1 + next.1);
            }
            same
        });
        pairs.retain(|(cell, weight)| !self.add_to_known(*cell, *weight));
        if pairs.is_empty() {
            return;
        }
        pairs.extend(self.pairs());
        pairs.sort_by(|a, b| a.0.by_place(b.0));
        self.cells = pairs.iter().map(|(cell, _)| *cell).collect();
        self.weights = pairs.iter().map(|(_, weight)| *weight).collect();
    }

    /// False if the cell is not in use yet.
    fn add_to_known(&mut self, cell: Cell, weight: f64) -> bool {
        let known = self.cells.binary_search_by(|known| known.by_place(cell));
        if let Ok(at) = known {
            self.cells[at] = self.cells[at].joined(cell);
            self.weights[at] += weight;
        }
        known.is_ok()
    }

    /// Gives up the lowest cells as long as they hold no more than `share` of all weight. Of values
    /// that only rise, no later percentile above that share can lie there; a percentile that does is
    /// not known.
    pub fn hide_lowest(&mut self, share: f64) {
        let (mut weight, mut highest) = self.hidden.map_or((0.0, None), |(w, c)| (w, Some(c)));
        let most = share * self.weight;
        let mut gone = 0;
        for (cell, more) in self.cells.iter().zip(&self.weights) {
            if weight + more > most {
                break;
            }
            weight += more;
            highest = Some(highest.map_or(*cell, |known: Cell| known.higher(*cell)));
            gone += 1;
        }
        self.cells.drain(..gone);
        self.weights.drain(..gone);
        self.hidden = highest.map(|highest| (weight, highest));
    }

    /// The seven statistics.
    pub fn summary(&self) -> Stats {
        let Some((min, max)) = self.extremes.filter(|_| self.weight > 0.0) else {
            return Stats::default();
        };
        let [p99, p90, p50] = self.at(&[0.99, 0.90, 0.50]);
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        Stats {
            avg: finite(self.mean.clamp(min, max)),
            min: Some(min),
            max: Some(max),
            p99,
            p90,
            p50,
            std: finite((self.squares.max(0.0) / self.weight).sqrt()),
        }
    }

    /// Values at shares (0 to 1) of the way from the first value to the last; `None` without values, and
    /// where the cell is given up.
    pub fn at<const N: usize>(&self, shares: &[f64; N]) -> [Option<f64>; N] {
        let Some((min, max)) = self.extremes.filter(|_| self.weight > 0.0) else {
            return [None; N];
        };
        let points = self.points();
        let hidden = self
            .hidden
            .map_or(f64::NEG_INFINITY, |(_, cell)| cell.upper());
        shares.map(|share| {
            let value = interpolate(&points, share)?.clamp(min, max);
            Some(value).filter(|value| *value >= hidden)
        })
    }

    /// Place in the total weight, and value, of the first and the last reading of each cell.
    fn points(&self) -> Vec<(f64, f64)> {
        let average = self.weight / self.n as f64;
        let mut before = 0.0;
        let mut points = Vec::with_capacity(2 * self.cells.len() + 1);
        if let Some((weight, highest)) = self.hidden {
            points.push((average / 2.0, highest.value()));
            points.push((weight - average / 2.0, highest.value()));
            before = weight;
        }
        for (cell, weight) in self.pairs().filter(|(_, weight)| *weight > 0.0) {
            let half = weight.min(average) / 2.0;
            points.push((before + half, cell.value()));
            before += weight;
            points.push((before - half, cell.value()));
        }
        points
    }
}

/// Value at share `p` of the way from the first to the last point.
fn interpolate(points: &[(f64, f64)], p: f64) -> Option<f64> {
    let ((first, low), (last, high)) = (*points.first()?, *points.last()?);
    let place = first + (last - first) * p;
    let above = points.partition_point(|(at, _)| *at < place);
    let Some(below) = above.checked_sub(1) else {
        return Some(low);
    };
    let (from, a) = points[below];
    let (to, b) = points.get(above).copied().unwrap_or((last, high));
    let share = if to > from {
        (place - from) / (to - from)
    } else {
        1.0
    };
    Some(between(a, b, share))
}
