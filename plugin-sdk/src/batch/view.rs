//! The reader's side of a batch: everything that arrives is checked before it is used.

use super::{BatchError, LabelIter, NO_TIME, SampleView, Span, ValueGrammar, columns as c};
use crate::MetricKind;
use crate::abi::{AbiBatch, Column};

/// Checked, borrowed view of a batch.
///
/// Row counts, offsets and family rows are checked once by [`BatchView::new`]; a span outside the
/// text reads as `None` where it is used, and costs that row alone.
#[derive(Debug, Clone, Copy)]
pub struct BatchView<'a> {
    columns: &'a [Column<'a>],
    text: &'a [u8],
    extra: &'a [u8],
    grammar: ValueGrammar,
    family_name: &'a [u32],
    family_kind: &'a [u8],
    family_help: &'a [u32],
    family_unit: &'a [u32],
    sample_family: &'a [u32],
    sample_name: &'a [u32],
    values: &'a [f64],
    times: &'a [i64],
    value_spans: &'a [u32],
    time_spans: &'a [u32],
    offsets: &'a [u32],
    label_name: &'a [u32],
    label_value: &'a [u32],
    diagnostic_line: &'a [u32],
    diagnostic_reason: &'a [u32],
    diagnostic_count: usize,
    exemplar_sample: &'a [u32],
    exemplar_value: &'a [f64],
    exemplar_time: &'a [i64],
}

fn pair(column: &[u32], row: usize) -> Option<Span> {
    let both = column.get(2 * row..2 * row + 2)?;
    Some(Span {
        start: both[0],
        end: both[1],
    })
}

fn expect_len(column: &'static str, found: usize, expected: usize) -> Result<(), BatchError> {
    if found == expected {
        Ok(())
    } else {
        Err(BatchError::Length {
            column,
            found,
            expected,
        })
    }
}

/// Looks columns up by name; absent ones read as empty.
struct Columns<'a>(&'a [Column<'a>]);

impl<'a> Columns<'a> {
    fn find(&self, name: &str) -> Option<&'a Column<'a>> {
        self.0.iter().find(|column| column.name.as_str() == name)
    }
    fn u8s(&self, name: &str) -> &'a [u8] {
        self.find(name).map_or(&[], |column| column.u8s.as_slice())
    }
    fn u32s(&self, name: &str) -> &'a [u32] {
        self.find(name).map_or(&[], |column| column.u32s.as_slice())
    }
    fn i64s(&self, name: &str) -> &'a [i64] {
        self.find(name).map_or(&[], |column| column.i64s.as_slice())
    }
    fn f64s(&self, name: &str) -> &'a [f64] {
        self.find(name).map_or(&[], |column| column.f64s.as_slice())
    }
}

impl<'a> BatchView<'a> {
    /// Checks the shape of `batch`. O(samples), no allocation.
    ///
    /// # Errors
    /// The first thing that does not fit; nothing of such a batch can be trusted.
    pub fn new(batch: AbiBatch<'a>) -> Result<Self, BatchError> {
        let columns = Columns(batch.columns.as_slice());
        for name in [
            c::SAMPLE_VALUE,
            c::SAMPLE_NAME,
            c::SAMPLE_FAMILY,
            c::FAMILY_NAME,
        ] {
            columns.find(name).ok_or(BatchError::Missing(name))?;
        }
        let view = Self {
            columns: batch.columns.as_slice(),
            text: batch.text.as_slice(),
            extra: batch.extra.as_slice(),
            grammar: columns
                .u8s(c::VALUE_GRAMMAR)
                .first()
                .map_or(ValueGrammar::None, |code| ValueGrammar::from_u8(*code)),
            family_name: columns.u32s(c::FAMILY_NAME),
            family_kind: columns.u8s(c::FAMILY_KIND),
            family_help: columns.u32s(c::FAMILY_HELP),
            family_unit: columns.u32s(c::FAMILY_UNIT),
            sample_family: columns.u32s(c::SAMPLE_FAMILY),
            sample_name: columns.u32s(c::SAMPLE_NAME),
            values: columns.f64s(c::SAMPLE_VALUE),
            times: columns.i64s(c::SAMPLE_TIME),
            value_spans: columns.u32s(c::SAMPLE_VALUE_SPAN),
            time_spans: columns.u32s(c::SAMPLE_TIME_SPAN),
            offsets: columns.u32s(c::SAMPLE_LABEL_OFFSETS),
            label_name: columns.u32s(c::LABEL_NAME),
            label_value: columns.u32s(c::LABEL_VALUE),
            diagnostic_line: columns.u32s(c::DIAGNOSTIC_LINE),
            diagnostic_reason: columns.u32s(c::DIAGNOSTIC_REASON),
            diagnostic_count: columns
                .i64s(c::DIAGNOSTIC_COUNT)
                .first()
                .and_then(|count| usize::try_from(*count).ok())
                .unwrap_or_default(),
            exemplar_sample: columns.u32s(c::EXEMPLAR_SAMPLE),
            exemplar_value: columns.f64s(c::EXEMPLAR_VALUE),
            exemplar_time: columns.i64s(c::EXEMPLAR_TIME),
        };
        view.check()?;
        Ok(view)
    }

    /// Checks columns that crossed in another way, over `text` (what was read) and `extra` (what the
    /// writer made up).
    ///
    /// # Errors
    /// As [`BatchView::new`].
    pub fn of_columns(
        text: &'a [u8],
        extra: &'a [u8],
        columns: &'a [Column<'a>],
    ) -> Result<Self, BatchError> {
        Self::new(AbiBatch {
            text: text.into(),
            extra: extra.into(),
            columns: columns.into(),
        })
    }

    /// All columns as they came, also those that are not known here.
    pub fn columns(&self) -> &'a [Column<'a>] {
        self.columns
    }

    /// The text that was read.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Bytes that it takes: its texts, and the entries of all columns.
    pub fn size(&self) -> usize {
        let entries = |column: &Column<'_>| {
            column.u8s.len() + 4 * column.u32s.len() + 8 * (column.i64s.len() + column.f64s.len())
        };
        let columns: usize = self.columns.iter().map(entries).sum();
        self.text.len() + self.extra.len() + columns
    }

    /// What the writer made up.
    pub fn extra(&self) -> &'a [u8] {
        self.extra
    }

    fn check(&self) -> Result<(), BatchError> {
        let (families, samples) = (self.family_name.len() / 2, self.values.len());
        expect_len(c::FAMILY_NAME, self.family_name.len() % 2, 0)?;
        expect_len(c::FAMILY_KIND, self.family_kind.len(), families)?;
        expect_len(c::SAMPLE_FAMILY, self.sample_family.len(), samples)?;
        expect_len(c::SAMPLE_NAME, self.sample_name.len(), 2 * samples)?;
        expect_len(
            c::LABEL_VALUE,
            self.label_value.len(),
            self.label_name.len(),
        )?;
        for (name, found, width) in [
            (c::SAMPLE_TIME, self.times.len(), 1),
            (c::SAMPLE_VALUE_SPAN, self.value_spans.len(), 2),
            (c::SAMPLE_TIME_SPAN, self.time_spans.len(), 2),
        ] {
            if found != 0 {
                expect_len(name, found, width * samples)?;
            }
        }
        self.check_offsets(samples)?;
        for (sample, family) in self.sample_family.iter().enumerate() {
            if *family as usize >= families {
                return Err(BatchError::Family {
                    sample,
                    family: *family,
                    families,
                });
            }
        }
        Ok(())
    }

    fn check_offsets(&self, samples: usize) -> Result<(), BatchError> {
        expect_len(c::SAMPLE_LABEL_OFFSETS, self.offsets.len(), samples + 1)?;
        let labels = self.label_name.len() / 2;
        let rising = self.offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        let last = self
            .offsets
            .last()
            .is_some_and(|last| *last as usize <= labels);
        if rising && last && self.label_name.len().is_multiple_of(2) {
            Ok(())
        } else {
            Err(BatchError::Offsets(c::SAMPLE_LABEL_OFFSETS))
        }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True if there is no sample.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of families.
    pub fn families(&self) -> usize {
        self.family_kind.len()
    }

    fn bytes(&self, span: Option<Span>) -> Option<&'a [u8]> {
        span?.slice(self.text, self.extra)
    }

    /// Name of family `row`, without suffixes.
    pub fn family_name(&self, row: usize) -> Option<&'a [u8]> {
        self.bytes(pair(self.family_name, row))
    }

    /// Type of family `row`.
    pub fn family_kind(&self, row: usize) -> MetricKind {
        self.family_kind
            .get(row)
            .map_or(MetricKind::Unknown, |code| MetricKind::from_u8(*code))
    }

    /// Help text of family `row`, empty if none.
    pub fn family_help(&self, row: usize) -> &'a [u8] {
        self.bytes(pair(self.family_help, row)).unwrap_or_default()
    }

    /// Unit of family `row`, empty if none.
    pub fn family_unit(&self, row: usize) -> &'a [u8] {
        self.bytes(pair(self.family_unit, row)).unwrap_or_default()
    }

    /// All values, in page order. The cheapest way to read a page whose shape is known.
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// Sample `row`, or `None` if its name lies outside the text (or `row` outside the batch).
    pub fn sample(&self, row: usize) -> Option<SampleView<'a>> {
        let labels = *self.offsets.get(row)? as usize..*self.offsets.get(row + 1)? as usize;
        Some(SampleView {
            family: *self.sample_family.get(row)? as usize,
            name: self.bytes(pair(self.sample_name, row))?,
            value: *self.values.get(row)?,
            time_ns: self.times.get(row).copied().filter(|time| *time != NO_TIME),
            labels: LabelIter {
                text: self.text,
                extra: self.extra,
                names: self.label_name.get(2 * labels.start..2 * labels.end)?,
                values: self.label_value.get(2 * labels.start..2 * labels.end)?,
            },
        })
    }

    /// How the host may read values again, and where they stand.
    pub fn value_grammar(&self) -> ValueGrammar {
        if self.value_spans.is_empty() {
            ValueGrammar::None
        } else {
            self.grammar
        }
    }

    /// Byte range of the value of sample `row` in the payload, if it is known.
    pub fn value_range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        let span = pair(self.value_spans, row).filter(|span| !span.is_empty())?;
        Some(span.start as usize..span.end as usize)
    }

    /// Byte range of the timestamp of sample `row` in the payload, if it has one.
    pub fn time_range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        let span = pair(self.time_spans, row).filter(|span| !span.is_empty())?;
        Some(span.start as usize..span.end as usize)
    }

    /// Number of lines that were skipped.
    pub fn diagnostic_count(&self) -> usize {
        self.diagnostic_count.max(self.diagnostic_line.len())
    }

    /// The first skipped lines: number (0 for the page as a whole) and reason.
    pub fn diagnostics(&self) -> impl Iterator<Item = (u32, String)> + '_ {
        self.diagnostic_line.iter().enumerate().map(|(row, line)| {
            let reason = self
                .bytes(pair(self.diagnostic_reason, row))
                .unwrap_or_default();
            (*line, String::from_utf8_lossy(reason).into_owned())
        })
    }

    /// Exemplars: row of the sample, value, wall-clock nanoseconds if known.
    pub fn exemplars(&self) -> impl Iterator<Item = (usize, f64, Option<i64>)> + '_ {
        let times = self
            .exemplar_time
            .iter()
            .copied()
            .map(Some)
            .chain(std::iter::repeat(None));
        let rows = self.exemplar_sample.iter().zip(self.exemplar_value);
        rows.zip(times).map(|((sample, value), time)| {
            (
                *sample as usize,
                *value,
                time.filter(|time| *time != NO_TIME),
            )
        })
    }
}
