//! What is kept of each bucket.

use super::cells::Cells;
use super::grid::Grid;

/// A bucket that was hit.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    /// Number of observations; a whole number.
    pub(super) count: f64,
    pub(super) grid: Grid,
    pub(super) cells: Cells,
}

/// All buckets. Takes space for those that were hit only.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots(Vec<Option<Box<Slot>>>);

impl Slots {
    /// Those that were hit, from low to high.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &Slot)> {
        let slots = self.0.iter().enumerate();
        slots.filter_map(|(bucket, slot)| Some((bucket, slot.as_deref()?)))
    }

    pub(super) fn get(&self, bucket: usize) -> Option<&Slot> {
        self.0.get(bucket)?.as_deref()
    }

    /// The bucket, which counts as hit from now on.
    pub(super) fn hit(&mut self, bucket: usize) -> &mut Slot {
        if self.0.len() <= bucket {
            self.0.resize(bucket + 1, None);
        }
        self.0[bucket].get_or_insert_default()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (bucket, theirs) in other.iter() {
            let mine = self.hit(bucket);
            mine.count += theirs.count;
            mine.grid.merge(&theirs.grid);
            mine.cells.merge(&theirs.cells);
        }
    }

    /// Bytes on the heap.
    pub(super) fn heap(&self) -> usize {
        self.0.capacity() * size_of::<usize>() + self.iter().count() * size_of::<Slot>()
    }
}
