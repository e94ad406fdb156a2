//! The author's side of a batch.

use super::{Exemplar, FamilyRow, NO_TIME, SampleRow, Span, ValueGrammar};
use crate::abi::{AbiBatch, Column};
use crate::{MetricKind, batch::columns as c};

/// Diagnostics kept with line and reason; more are only counted.
const MAX_DIAGNOSTICS: usize = 20;

/// One reading of one source, in columns. See the [module](super) for the idea.
///
/// Parsers push rows of spans; collectors without text use [`Batch::gauge`] and its neighbours.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) extra: Vec<u8>,
    grammar: ValueGrammar,
    pub(super) family_name: Vec<u32>,
    family_kind: Vec<u8>,
    family_help: Vec<u32>,
    family_unit: Vec<u32>,
    sample_family: Vec<u32>,
    sample_name: Vec<u32>,
    sample_value: Vec<f64>,
    sample_time: Vec<i64>,
    sample_value_span: Vec<u32>,
    sample_time_span: Vec<u32>,
    label_offsets: Vec<u32>,
    label_name: Vec<u32>,
    label_value: Vec<u32>,
    exemplar_sample: Vec<u32>,
    exemplar_value: Vec<f64>,
    exemplar_time: Vec<i64>,
    exemplar_label_offsets: Vec<u32>,
    exemplar_label_name: Vec<u32>,
    exemplar_label_value: Vec<u32>,
    diagnostic_line: Vec<u32>,
    diagnostic_reason: Vec<u32>,
    diagnostic_count: i64,
    has_times: bool,
}

fn push_span(column: &mut Vec<u32>, span: Span) {
    column.extend_from_slice(&[span.start, span.end]);
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rows are bounded by a text below 2 GiB"
)]
pub(super) fn row(len: usize) -> u32 {
    len as u32
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.extra.clear();
        self.grammar = ValueGrammar::None;
        for column in [
            &mut self.family_name,
            &mut self.family_help,
            &mut self.family_unit,
            &mut self.sample_family,
            &mut self.sample_name,
            &mut self.sample_value_span,
            &mut self.sample_time_span,
            &mut self.label_offsets,
            &mut self.label_name,
            &mut self.label_value,
            &mut self.exemplar_sample,
            &mut self.exemplar_label_offsets,
            &mut self.exemplar_label_name,
            &mut self.exemplar_label_value,
            &mut self.diagnostic_line,
            &mut self.diagnostic_reason,
        ] {
            column.clear();
        }
        self.family_kind.clear();
        self.sample_value.clear();
        self.sample_time.clear();
        self.exemplar_value.clear();
        self.exemplar_time.clear();
        self.diagnostic_count = 0;
        self.has_times = false;
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.sample_value.len()
    }

    /// True if there is neither sample nor family nor diagnostic.
    pub fn is_empty(&self) -> bool {
        self.sample_value.is_empty() && self.family_kind.is_empty() && self.diagnostic_count == 0
    }

    /// Allows the host to read values again by `grammar`; see the promise there.
    pub fn set_value_grammar(&mut self, grammar: ValueGrammar) {
        self.grammar = grammar;
    }

    /// Appends `bytes` to the extra text and names them.
    pub fn push_extra(&mut self, bytes: &[u8]) -> Span {
        let start = self.extra.len();
        self.extra.extend_from_slice(bytes);
        Span::extra(start, self.extra.len())
    }

    /// Adds a family and returns its row.
    pub fn push_family(&mut self, family: FamilyRow) -> u32 {
        let index = row(self.family_kind.len());
        push_span(&mut self.family_name, family.name);
        self.family_kind.push(family.kind as u8);
        push_span(&mut self.family_help, family.help);
        push_span(&mut self.family_unit, family.unit);
        index
    }

    /// Changes a family that was added before its metadata was known.
    pub fn update_family(&mut self, index: u32, update: impl FnOnce(&mut FamilyRow)) {
        let at = index as usize;
        let pair = |column: &[u32]| Span {
            start: column[2 * at],
            end: column[2 * at + 1],
        };
        if at >= self.family_kind.len() {
            return;
        }
        let kind = MetricKind::from_u8(self.family_kind[at]);
        let mut family = FamilyRow::new(pair(&self.family_name), kind)
            .help(pair(&self.family_help))
            .unit(pair(&self.family_unit));
        update(&mut family);
        let set = |column: &mut [u32], span: Span| {
            column[2 * at] = span.start;
            column[2 * at + 1] = span.end;
        };
        set(&mut self.family_name, family.name);
        self.family_kind[at] = family.kind as u8;
        set(&mut self.family_help, family.help);
        set(&mut self.family_unit, family.unit);
    }

    /// Adds a label of the sample that the next [`Batch::push_sample`] adds.
    pub fn push_label(&mut self, name: Span, value: Span) {
        push_span(&mut self.label_name, name);
        push_span(&mut self.label_value, value);
    }

    /// Drops the labels pushed since the last sample, when their line turns out bad.
    pub fn discard_labels(&mut self) {
        let keep = 2 * self.label_offsets.last().map_or(0, |end| *end as usize);
        self.label_name.truncate(keep);
        self.label_value.truncate(keep);
    }

    /// Number of labels pushed since the last sample.
    pub fn pending_labels(&self) -> usize {
        self.label_name.len() / 2 - self.label_offsets.last().map_or(0, |end| *end as usize)
    }

    /// Adds a sample with the labels pushed since the last one.
    pub fn push_sample(&mut self, sample: SampleRow) {
        if self.label_offsets.is_empty() {
            self.label_offsets.push(0);
        }
        self.label_offsets.push(row(self.label_name.len() / 2));
        self.sample_family.push(sample.family);
        push_span(&mut self.sample_name, sample.name);
        self.sample_value.push(sample.value);
        self.sample_time.push(sample.time_ns);
        push_span(&mut self.sample_value_span, sample.value_span);
        push_span(&mut self.sample_time_span, sample.time_span);
        self.has_times |= sample.time_ns != NO_TIME;
    }

    /// Adds an exemplar, with its labels, of the sample pushed last.
    pub fn push_exemplar(&mut self, exemplar: Exemplar, labels: &[(Span, Span)]) {
        let Some(sample) = self.sample_value.len().checked_sub(1) else {
            return;
        };
        if self.exemplar_label_offsets.is_empty() {
            self.exemplar_label_offsets.push(0);
        }
        for (name, value) in labels {
            push_span(&mut self.exemplar_label_name, *name);
            push_span(&mut self.exemplar_label_value, *value);
        }
        self.exemplar_label_offsets
            .push(row(self.exemplar_label_name.len() / 2));
        self.exemplar_sample.push(row(sample));
        self.exemplar_value.push(exemplar.value);
        self.exemplar_time.push(exemplar.time_ns);
    }

    /// Reports a line (from 1; 0 for the whole page) that was skipped, and why.
    ///
    /// The first 20 are kept with their reasons, all are counted.
    pub fn diagnostic(&mut self, line: u32, reason: &str) {
        self.diagnostic_count += 1;
        if self.diagnostic_line.len() < MAX_DIAGNOSTICS {
            self.diagnostic_line.push(line);
            let span = self.push_extra(reason.as_bytes());
            push_span(&mut self.diagnostic_reason, span);
        }
    }

    /// Calls `with` with the columns, over `text` (the payload, empty if there is none).
    pub(crate) fn with_abi<T>(&self, text: &[u8], with: impl FnOnce(AbiBatch<'_>) -> T) -> T {
        let count = [self.diagnostic_count];
        let grammar = [self.grammar as u8];
        let offsets: &[u32] = if self.label_offsets.is_empty() {
            &[0]
        } else {
            &self.label_offsets
        };
        let mut columns = [
            Column::u32s(c::FAMILY_NAME, &self.family_name),
            Column::u8s(c::FAMILY_KIND, &self.family_kind),
            Column::u32s(c::FAMILY_HELP, &self.family_help),
            Column::u32s(c::FAMILY_UNIT, &self.family_unit),
            Column::u32s(c::SAMPLE_FAMILY, &self.sample_family),
            Column::u32s(c::SAMPLE_NAME, &self.sample_name),
            Column::f64s(c::SAMPLE_VALUE, &self.sample_value),
            Column::u32s(c::SAMPLE_LABEL_OFFSETS, offsets),
            Column::u32s(c::LABEL_NAME, &self.label_name),
            Column::u32s(c::LABEL_VALUE, &self.label_value),
            Column::u32s(c::EXEMPLAR_SAMPLE, &self.exemplar_sample),
            Column::f64s(c::EXEMPLAR_VALUE, &self.exemplar_value),
            Column::i64s(c::EXEMPLAR_TIME, &self.exemplar_time),
            Column::u32s(c::EXEMPLAR_LABEL_OFFSETS, &self.exemplar_label_offsets),
            Column::u32s(c::EXEMPLAR_LABEL_NAME, &self.exemplar_label_name),
            Column::u32s(c::EXEMPLAR_LABEL_VALUE, &self.exemplar_label_value),
            Column::u32s(c::DIAGNOSTIC_LINE, &self.diagnostic_line),
            Column::u32s(c::DIAGNOSTIC_REASON, &self.diagnostic_reason),
            Column::i64s(c::DIAGNOSTIC_COUNT, &count),
            Column::EMPTY,
            Column::EMPTY,
            Column::EMPTY,
            Column::EMPTY,
        ];
        let mut n = columns.len() - 4;
        let mut add = |column| {
            columns[n] = column;
            n += 1;
        };
        if self.grammar != ValueGrammar::None {
            add(Column::u8s(c::VALUE_GRAMMAR, &grammar));
            add(Column::u32s(c::SAMPLE_VALUE_SPAN, &self.sample_value_span));
        }
        if self.has_times {
            add(Column::i64s(c::SAMPLE_TIME, &self.sample_time));
            add(Column::u32s(c::SAMPLE_TIME_SPAN, &self.sample_time_span));
        }
        with(AbiBatch {
            text: text.into(),
            extra: self.extra.as_slice().into(),
            columns: (&columns[..n]).into(),
        })
    }

    /// Reads the batch back as the host would; `text` is the payload it was made from.
    ///
    /// # Errors
    /// What the host would say of it, such as a span outside the text.
    pub fn read<T>(
        &self,
        text: &[u8],
        with: impl FnOnce(&super::BatchView<'_>) -> T,
    ) -> Result<T, super::BatchError> {
        self.with_abi(text, |batch| {
            super::BatchView::new(batch).map(|view| with(&view))
        })
    }
}
