//! A cell of a sketch.

use std::cmp::Ordering;

/// Values that share sign, exponent and leading bits of the mantissa.
///
/// Twice the place among all cells (0 for values near 0, negative ones below), plus 1 if some value
/// was not the cell's edge nearest to 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell(i32);

/// Leading bits of the mantissa: 128 cells for each power of two.
const MANTISSA_BITS: u32 = 7;

/// Bits of a value that its cell does not tell.
const SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - MANTISSA_BITS;

/// Values nearer to 0 are taken for 0.
const SMALLEST: f64 = 1e-9;

/// Leading bits of the smallest value; its cell has place 1.
const BASE: u64 = (SMALLEST.to_bits() >> SHIFT) - 1;

impl Cell {
    pub(super) fn of(value: f64) -> Self {
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

    pub(super) fn by_place(self, other: Self) -> Ordering {
        self.place().cmp(&other.place())
    }

    pub(super) fn joined(self, other: Self) -> Self {
        Self(self.0 | other.0 & 1)
    }

    pub(super) fn higher(self, other: Self) -> Self {
        if self.by_place(other).is_lt() {
            other
        } else {
            self
        }
    }

    /// No value of the cell is above this.
    pub(super) fn upper(self) -> f64 {
        let place = self.place();
        match place {
            0 => SMALLEST,
            1.. => edge(place.unsigned_abs() + 1),
            _ => -edge(place.unsigned_abs()),
        }
    }

    /// The value that all of the cell's are taken for.
    pub(super) fn value(self) -> f64 {
        let place = self.place();
        if place == 0 {
            return 0.0;
        }
        let near = edge(place.unsigned_abs());
        let value = if self.0 & 1 == 0 {
            near
        } else {
            near + (edge(place.unsigned_abs() + 1) - near) / 2.0
        };
        if place < 0 { -value } else { value }
    }
}

/// The edge nearest to 0 of a cell of positive values.
fn edge(place: u32) -> f64 {
    f64::from_bits((u64::from(place) + BASE) << SHIFT)
}
