//! Values in bounded memory: moments exact, percentiles within 0.5 %.

use std::cmp::Ordering;

use aiperf_plugin_sdk::report::Stats;

use super::summary::between;

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
            self.mean += apart * other.weight / weight;
            self.weight = weight;
        }
        self.n += other.n;
        if let Some((min, max)) = other.extremes {
            self.widen(min, max);
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

    /// Welford's update of mean and squares.
    fn weigh(&mut self, value: f64, weight: f64) {
        if weight <= 0.0 {
            return;
        }
        self.weight += weight;
        let apart = value - self.mean;
        self.mean += apart * weight / self.weight;
        self.squares += weight * apart * (value - self.mean);
    }

    fn add(&mut self, mut pairs: Vec<(Cell, f64)>) {
        pairs.extend(self.pairs());
        // Stable, and the order of equal cells does not matter but for rounding.
        pairs.sort_by(|a, b| a.0.by_place(b.0));
        pairs.dedup_by(|next, kept| {
            let same = next.0.by_place(kept.0).is_eq();
            if same {
                *kept = (kept.0.joined(next.0), kept.1 + next.1);
            }
            same
        });
        self.cells = pairs.iter().map(|(cell, _)| *cell).collect();
        self.weights = pairs.iter().map(|(_, weight)| *weight).collect();
    }

    /// The seven statistics.
    pub fn summary(&self) -> Stats {
        let Some((min, max)) = self.extremes.filter(|_| self.weight > 0.0) else {
            return Stats::default();
        };
        let points = self.points();
        let at = |p: f64| Some(interpolate(&points, p)?.clamp(min, max));
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        Stats {
            avg: finite(self.mean.clamp(min, max)),
            min: Some(min),
            max: Some(max),
            p99: at(0.99),
            p90: at(0.90),
            p50: at(0.50),
            std: finite((self.squares / self.weight).sqrt()),
        }
    }

    /// Place in the total weight, and value, of the first and the last reading of each cell.
    fn points(&self) -> Vec<(f64, f64)> {
        let average = self.weight / self.n as f64;
        let mut before = 0.0;
        let mut points = Vec::with_capacity(2 * self.cells.len());
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

/// Values that share sign, exponent and leading bits of the mantissa.
///
/// Twice the place among all cells (0 for values near 0, negative ones below), plus 1 if some value
/// was not the cell's edge nearest to 0.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell(i32);

/// Leading bits of the mantissa: 128 cells for each power of two.
const MANTISSA_BITS: u32 = 7;

/// Bits of a value that its cell does not tell.
const SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - MANTISSA_BITS;

/// Values nearer to 0 are taken for 0.
const SMALLEST: f64 = 1e-9;

/// Leading bits of the smallest value; its cell has place 1.
const BASE: u64 = (SMALLEST.to_bits() >> SHIFT) - 1;

impl Cell {
    fn of(value: f64) -> Self {
        if value.abs() < SMALLEST {
            return Self(0);
        }
        let above = (value.abs().to_bits() >> SHIFT) - BASE;
        let place = i32::try_from(above).expect("bits 45 to 63 of a number make 19 bits");
        let cell = Self(2 * if value < 0.0 { -place } else { place });
        let on_edge = cell.value().to_bits() == value.to_bits();
        Self(cell.0 + i32::from(!on_edge))
    }

    fn place(self) -> i32 {
        self.0 >> 1
    }

    fn by_place(self, other: Self) -> Ordering {
        self.place().cmp(&other.place())
    }

    fn joined(self, other: Self) -> Self {
        Self(self.0 | other.0 & 1)
    }

    /// The value that all of the cell's are taken for.
    fn value(self) -> f64 {
        let place = self.place();
        if place == 0 {
            return 0.0;
        }
        let edge = |above: u32| f64::from_bits((u64::from(above) + BASE) << SHIFT);
        let near = edge(place.unsigned_abs());
        let value = if self.0 & 1 == 0 {
            near
        } else {
            near + (edge(place.unsigned_abs() + 1) - near) / 2.0
        };
        if place < 0 { -value } else { value }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::weighted_summary;
    use super::*;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            (0_u8..200).prop_map(f64::from),
            -1e6..1e6_f64,
            -1e-9..1e-9_f64,
            (-300_i32..300, 1.0..10.0_f64).prop_map(|(e, m)| m * 10.0_f64.powi(e)),
        ]
    }

    fn near(found: f64, exact: f64) -> bool {
        (found - exact).abs() <= 0.004 * exact.abs() + 1e-9
    }

    fn of(pairs: &[(f64, f64)]) -> Sketch {
        let mut sketch = Sketch::default();
        sketch.extend(pairs.iter().copied());
        sketch
    }

    fn close(a: Option<f64>, b: Option<f64>, scale: f64) -> bool {
        a.zip(b)
            .map_or(a == b, |(a, b)| (a - b).abs() <= 1e-9 * scale)
    }

    proptest! {
        #[test]
        fn every_value_is_near_one_that_comes_back(
            values in prop::collection::vec(value(), 1..30),
        ) {
            let sketch = of(&values.iter().map(|value| (*value, 1.0)).collect::<Vec<_>>());
            let found: Vec<f64> = sketch.cells.iter().map(|cell| cell.value()).collect();
            prop_assert!(found.is_sorted());
            for value in &values {
                prop_assert!(found.iter().any(|found| near(*found, *value)), "{value}: {found:?}");
            }
        }

        #[test]
        fn moments_are_exact_and_percentiles_near(
            values in prop::collection::vec(-1e4..1e4_f64, 1..200),
            weight in 0.1..10.0_f64,
            cut in 0_usize..200,
        ) {
            let pairs: Vec<_> = values.iter().map(|value| (*value, weight)).collect();
            let (a, b) = pairs.split_at(cut.min(pairs.len()));
            let mut sketch = of(a);
            sketch.merge(&of(b));
            let (found, weights) = (sketch.summary(), vec![weight; values.len()]);
            let exact = weighted_summary(&values, &weights);
            prop_assert_eq!((found.min, found.max), (exact.min, exact.max));
            prop_assert!(close(found.avg, exact.avg, 1e5) && close(found.std, exact.std, 1e5));
            // Both ends of what is interpolated between are within 0.4 % of theirs.
            let widest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            for (found, exact) in [(found.p50, exact.p50), (found.p90, exact.p90)] {
                prop_assert!((found.unwrap() - exact.unwrap()).abs() <= 0.004 * widest + 1e-9);
            }
            prop_assert_eq!(sketch.len(), values.len() as u64);
        }

        #[test]
        fn percentiles_of_positive_values_are_within_the_stated_error(
            values in prop::collection::vec(1e-3..1e6_f64, 1..300),
        ) {
            let sketch = of(&values.iter().map(|value| (*value, 2.0)).collect::<Vec<_>>());
            let exact = weighted_summary(&values, &vec![2.0; values.len()]);
            let pairs = [(sketch.summary().p50, exact.p50), (sketch.summary().p99, exact.p99)];
            for (found, exact) in pairs {
                prop_assert!(near(found.unwrap(), exact.unwrap()), "{found:?} {exact:?}");
            }
        }

        #[test]
        fn small_whole_numbers_come_back_exactly(
            pairs in prop::collection::vec((0_u8..=255, 1_u8..4), 1..60),
        ) {
            let values: Vec<f64> = pairs.iter().map(|(value, _)| f64::from(*value)).collect();
            let sketch = of(&values.iter().map(|value| (*value, 1.0)).collect::<Vec<_>>());
            let exact = weighted_summary(&values, &vec![1.0; values.len()]);
            prop_assert!(close(sketch.summary().p50, exact.p50, 256.0));
            prop_assert!(close(sketch.summary().p99, exact.p99, 256.0));
        }
    }

    #[test]
    fn memory_is_bounded_by_the_range() {
        let mut sketch = Sketch::default();
        for round in 0..100 {
            sketch
                .extend((1..1000).map(|n| (1.0 + f64::from(n * (round + 7) % 9973) / 1108.0, 1.0)));
        }
        assert!(sketch.cells.len() <= 426, "{}", sketch.cells.len());
        assert_eq!(sketch.heap_bytes(), 12 * sketch.cells.len());
    }

    #[test]
    fn nothing_in_nothing_out() {
        assert_eq!(Sketch::default().summary(), Stats::default());
        assert!(Sketch::default().is_empty());
    }
}
