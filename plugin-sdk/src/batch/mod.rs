//! A [`Batch`] is what one reading of one source says: families, samples, labels, in columns.
//!
//! Columns hold *spans* into the text that was read, so that a page of 10,000 samples crosses the
//! plugin boundary without a copy of a single name. What has no text of its own (unescaped label
//! values, names that a collector makes up) is appended to the batch's `extra` text. A batch is
//! reused: [`Batch::clear`] keeps its memory, and a steady state allocates nothing.

mod build;
pub mod columns;
mod error;
mod rows;
mod sample;
mod simple;
mod span;
mod view;

pub use build::Batch;
pub use error::BatchError;
pub use rows::{Exemplar, FamilyRow, SampleRow};
pub use sample::{LabelIter, SampleView};
pub use span::Span;
pub use view::BatchView;

/// How the host may read a sample's value again from its text (see `value_span`).
///
/// A parser that sets one promises: if the next page differs from this one only inside value spans
/// and time spans, then reading those spans by this grammar gives exactly what [`parse`] would.
///
/// [`parse`]: crate::Parser::parse
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum ValueGrammar {
    /// The host must not read values itself.
    #[default]
    None = 0,
    /// Prometheus floats (`1`, `1e3`, `NaN`, `+Inf`), timestamps in integer milliseconds.
    PrometheusText = 1,
    /// OpenMetrics floats, timestamps in decimal seconds.
    OpenMetrics = 2,
}

impl ValueGrammar {
    /// The grammar of a code that crossed the boundary; unknown codes are [`ValueGrammar::None`].
    pub fn from_u8(code: u8) -> Self {
        match code {
            1 => Self::PrometheusText,
            2 => Self::OpenMetrics,
            _ => Self::None,
        }
    }
}

/// The time of a sample that carries none of its own.
pub const NO_TIME: i64 = i64::MIN;
