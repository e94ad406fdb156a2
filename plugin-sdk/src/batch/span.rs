//! A span names bytes of a batch's text or of its extra text.

/// Half-open byte range `[start, end)`; bit 31 of both says that it lies in the extra text.
///
/// The bit halves the range: texts are limited to 2 GiB, far above any page that a host accepts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Set in both ends of a span into the extra text.
pub(crate) const EXTRA: u32 = 1 << 31;

impl Span {
    /// The empty span, used for "there is none".
    pub const NONE: Self = Self { start: 0, end: 0 };

    /// Bytes `start..end` of the payload's text.
    ///
    /// # Panics
    /// If a bound does not fit 31 bits; hosts never hand out such a text.
    #[expect(clippy::expect_used, reason = "hosts cap bodies far below 2 GiB")]
    pub fn text(start: usize, end: usize) -> Self {
        let fit = |at: usize| u32::try_from(at).ok().filter(|at| *at < EXTRA);
        Self {
            start: fit(start).expect("payload text is below 2 GiB"),
            end: fit(end).expect("payload text is below 2 GiB"),
        }
    }

    pub(crate) fn extra(start: usize, end: usize) -> Self {
        let Self { start, end } = Self::text(start, end);
        Self {
            start: start | EXTRA,
            end: end | EXTRA,
        }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// True if the span names no byte.
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The bytes it names, or `None` if they lie outside both texts.
    pub(crate) fn slice<'a>(self, text: &'a [u8], extra: &'a [u8]) -> Option<&'a [u8]> {
        let from = if self.start & EXTRA == 0 { text } else { extra };
        if (self.start ^ self.end) & EXTRA != 0 {
            return None;
        }
        from.get((self.start & !EXTRA) as usize..(self.end & !EXTRA) as usize)
    }
}
