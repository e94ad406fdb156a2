//! Names of the columns of a batch, a scrape view and a request view.
//!
//! A reader takes the columns that it knows and ignores the rest, so that a later version adds
//! columns without changing the boundary. Types: `u8`, `u32`, `i64`, `f64`; a *span* column is
//! `u32` with two entries a row ([`Span`](super::Span)).

/// Families: span of the name, without the suffixes of its samples.
pub const FAMILY_NAME: &str = "family.name";
/// Families: `u8`, a [`MetricKind`](crate::MetricKind).
pub const FAMILY_KIND: &str = "family.kind";
/// Families: span of the unescaped help text, empty if none.
pub const FAMILY_HELP: &str = "family.help";
/// Families: span of the OpenMetrics unit, empty if none.
pub const FAMILY_UNIT: &str = "family.unit";

/// Samples: `u32`, row of the family.
pub const SAMPLE_FAMILY: &str = "sample.family";
/// Samples: span of the name as written, with suffix.
pub const SAMPLE_NAME: &str = "sample.name";
/// Samples: `f64`.
pub const SAMPLE_VALUE: &str = "sample.value";
/// Samples: `i64` wall nanoseconds or [`NO_TIME`](super::NO_TIME); absent if none has one.
pub const SAMPLE_TIME: &str = "sample.time";
/// One row: `u8`, how the host may read values again from their text, a
/// [`ValueGrammar`](super::ValueGrammar); absent if it may not.
pub const VALUE_GRAMMAR: &str = "value.grammar";
/// Samples: span of the value's text; absent without a value grammar.
pub const SAMPLE_VALUE_SPAN: &str = "sample.value_span";
/// Samples: span of the timestamp's text, empty if none; absent if no sample has one.
pub const SAMPLE_TIME_SPAN: &str = "sample.time_span";
/// Samples: `u32`, one entry more than samples: labels `offsets[i]..offsets[i + 1]` are sample i's.
pub const SAMPLE_LABEL_OFFSETS: &str = "sample.label_offsets";

/// Labels: span of the name.
pub const LABEL_NAME: &str = "label.name";
/// Labels: span of the unescaped value.
pub const LABEL_VALUE: &str = "label.value";

/// Exemplars: `u32`, row of the sample.
pub const EXEMPLAR_SAMPLE: &str = "exemplar.sample";
/// Exemplars: `f64`.
pub const EXEMPLAR_VALUE: &str = "exemplar.value";
/// Exemplars: `i64` wall nanoseconds or [`NO_TIME`](super::NO_TIME).
pub const EXEMPLAR_TIME: &str = "exemplar.time";
/// Exemplars: `u32` offsets into the exemplar label columns, one entry more than exemplars.
pub const EXEMPLAR_LABEL_OFFSETS: &str = "exemplar.label_offsets";
/// Exemplar labels: span of the name.
pub const EXEMPLAR_LABEL_NAME: &str = "exemplar.label.name";
/// Exemplar labels: span of the value.
pub const EXEMPLAR_LABEL_VALUE: &str = "exemplar.label.value";

/// Native histogram samples: `u32`, row of the sample. Reserved: no built-in parser writes it yet.
pub const HISTOGRAM_SAMPLE: &str = "histogram.sample";
/// Native histogram samples: span of the composite value's text. Reserved.
pub const HISTOGRAM_VALUE: &str = "histogram.value";

/// Diagnostics: `u32`, line number from 1, 0 for the page as a whole.
pub const DIAGNOSTIC_LINE: &str = "diagnostic.line";
/// Diagnostics: span of the reason.
pub const DIAGNOSTIC_REASON: &str = "diagnostic.reason";
/// One row: `i64`, how many diagnostics there were, including those not kept.
pub const DIAGNOSTIC_COUNT: &str = "diagnostic.count";
