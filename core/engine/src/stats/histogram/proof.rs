//! Bounds of all order statistics of a window.

use super::buffer::Buffer;
use super::constraint::Constraint;
use super::exact;
use super::layout::Layout;
use super::range::Range;
use super::slot::Slots;

/// What bounds are proven from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Basis<'a> {
    /// All intervals.
    Intervals(&'a Buffer),
    /// What was kept of all intervals.
    Grids,
    /// The whole window as one interval.
    Window(Constraint),
}

/// Order statistics of a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof<'a> {
    pub(super) layout: &'a Layout,
    pub(super) slots: &'a Slots,
    pub(super) basis: Basis<'a>,
}

/// The place of an observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) bucket: usize,
    /// From 1, within the bucket.
    pub(super) rank: f64,
    /// Observations in the bucket.
    pub(super) count: f64,
}

impl Proof<'_> {
    /// Where the observation with this rank (from 1) is. `None` if there are fewer.
    pub(super) fn place(&self, mut rank: f64) -> Option<Place> {
        for (bucket, slot) in self.slots.iter() {
            if rank <= slot.count {
                let count = slot.count;
                return Some(Place {
                    bucket,
                    rank,
                    count,
                });
            }
            rank -= slot.count;
        }
        None
    }

    /// Bounds of an observation.
    pub(super) fn bounds(&self, place: Place) -> Range {
        let range = self.layout.range(place.bucket);
        let Place {
            bucket,
            rank,
            count,
        } = place;
        let bounds = match self.basis {
            Basis::Intervals(buffer) => exact::rank(self.layout, buffer, bucket, rank, count),
            Basis::Grids => self.slots.get(bucket).map_or(range, |slot| {
                slot.grid.rank(range, self.layout.scale(), rank, count)
            }),
            Basis::Window(constraint) => constraint.rank(rank, count, range),
        };
        if self.layout.is_integer() {
            bounds.whole()
        } else {
            bounds
        }
    }
}
