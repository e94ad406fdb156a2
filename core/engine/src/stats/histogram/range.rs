//! An interval of values.

/// All values from `lo` to `hi`, both included; either may be infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Range {
    pub(super) fn width(self) -> f64 {
        self.hi - self.lo
    }

    /// The nearest value of the range; `lo` if the range is empty.
    pub(super) fn clamp(self, value: f64) -> f64 {
        value.min(self.hi).max(self.lo)
    }

    /// Whole numbers only. Values that rounding moved off a whole number count as that.
    pub(super) fn whole(self) -> Self {
        Self {
            lo: (self.lo - 1e-6).ceil(),
            hi: (self.hi + 1e-6).floor(),
        }
    }
}
