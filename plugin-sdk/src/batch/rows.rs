//! What is added to a batch, row by row. Later versions add fields: rows are made by their constructors.

use super::{NO_TIME, Span};
use crate::MetricKind;

/// A family to add with [`Batch::push_family`](super::Batch::push_family).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FamilyRow {
    /// Name without sample suffixes.
    pub name: Span,
    /// Type.
    pub kind: MetricKind,
    /// Unescaped help text, or [`Span::NONE`].
    pub help: Span,
    /// Unit, or [`Span::NONE`].
    pub unit: Span,
}

impl FamilyRow {
    /// A family without help and unit.
    #[inline]
    pub const fn new(name: Span, kind: MetricKind) -> Self {
        Self {
            name,
            kind,
            help: Span::NONE,
            unit: Span::NONE,
        }
    }

    /// Adds the unescaped help text.
    #[must_use]
    #[inline]
    pub const fn help(mut self, help: Span) -> Self {
        self.help = help;
        self
    }

    /// Adds the unit.
    #[must_use]
    #[inline]
    pub const fn unit(mut self, unit: Span) -> Self {
        self.unit = unit;
        self
    }
}

/// A sample to add with [`Batch::push_sample`](super::Batch::push_sample); its labels are those pushed since
/// the last one.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SampleRow {
    /// Row that [`Batch::push_family`](super::Batch::push_family) gave.
    pub family: u32,
    /// Name as written, with suffix.
    pub name: Span,
    /// Value.
    pub value: f64,
    /// Where the value stands in the text, or [`Span::NONE`].
    pub value_span: Span,
    /// Wall-clock nanoseconds, or [`NO_TIME`].
    pub time_ns: i64,
    /// Where the timestamp stands in the text, or [`Span::NONE`].
    pub time_span: Span,
}

impl SampleRow {
    /// A sample without a time of its own, whose value stands nowhere in the text.
    #[inline]
    pub const fn new(family: u32, name: Span, value: f64) -> Self {
        Self {
            family,
            name,
            value,
            value_span: Span::NONE,
            time_ns: NO_TIME,
            time_span: Span::NONE,
        }
    }

    /// Adds a time of its own, in wall-clock nanoseconds; [`NO_TIME`] for none.
    #[must_use]
    #[inline]
    pub const fn at(mut self, time_ns: i64) -> Self {
        self.time_ns = time_ns;
        self
    }

    /// Adds where the value stands in the text.
    #[must_use]
    #[inline]
    pub const fn value_span(mut self, span: Span) -> Self {
        self.value_span = span;
        self
    }

    /// Adds where the timestamp stands in the text.
    #[must_use]
    #[inline]
    pub const fn time_span(mut self, span: Span) -> Self {
        self.time_span = span;
        self
    }
}

/// An exemplar of the sample pushed last, to add with
/// [`Batch::push_exemplar`](super::Batch::push_exemplar).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Exemplar {
    /// Value.
    pub value: f64,
    /// Wall-clock nanoseconds, or [`NO_TIME`].
    pub time_ns: i64,
}

impl Exemplar {
    /// An exemplar without a time.
    #[inline]
    pub const fn new(value: f64) -> Self {
        Self {
            value,
            time_ns: NO_TIME,
        }
    }

    /// Adds its time, in wall-clock nanoseconds; [`NO_TIME`] for none.
    #[must_use]
    #[inline]
    pub const fn at(mut self, time_ns: i64) -> Self {
        self.time_ns = time_ns;
        self
    }
}
