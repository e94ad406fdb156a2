//! Batches as a plugin hands them over: columns of any length, with anything in them.

use aiperf_plugin_sdk::abi::{AbiBatch, Column};
use aiperf_plugin_sdk::batch::{BatchView, columns as c};

use crate::store;

/// What a plugin may have written where: most columns are as they should be, so that readers get past
/// the first check.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// A row number, seldom one that cannot be.
    fn row(&mut self) -> u32 {
        match self.byte() {
            250.. => u32::MAX - u32::from(self.byte()),
            small => u32::from(small),
        }
    }

    /// Length of a column that should have `rows` entries.
    fn length(&mut self, rows: usize) -> usize {
        match self.byte() {
            255 => 0,
            254 => rows + 1,
            253 => rows.saturating_sub(1),
            _ => rows,
        }
    }

    fn u32s(&mut self, rows: usize) -> Vec<u32> {
        let length = self.length(rows);
        (0..length).map(|_| self.row()).collect()
    }

    /// Spans, in the text or in what the plugin made up itself.
    fn spans(&mut self, rows: usize) -> Vec<u32> {
        let length = self.length(2 * rows);
        let mut spans = Vec::with_capacity(length);
        while spans.len() < length {
            let start = self.row();
            let of_plugin = u32::from(start.is_multiple_of(3)) << 31;
            let end = start.saturating_add(u32::from(self.byte() % 16));
            spans.extend([start | of_plugin, end | of_plugin]);
        }
        spans.truncate(length);
        spans
    }

    fn bytes(&mut self, rows: usize) -> Vec<u8> {
        let length = self.length(rows);
        (0..length).map(|_| self.byte()).collect()
    }

    fn f64s(&mut self, rows: usize) -> Vec<f64> {
        let length = self.length(rows);
        let value = |byte| match byte {
            255 => f64::NAN,
            254 => f64::INFINITY,
            byte => f64::from(byte) - 100.0,
        };
        (0..length).map(|_| value(self.byte())).collect()
    }

    fn i64s(&mut self, rows: usize) -> Vec<i64> {
        let length = self.length(rows);
        let time = |byte| i64::MIN.saturating_add(i64::from(byte) << 55);
        (0..length).map(|_| time(self.byte())).collect()
    }

    /// Offsets that mostly rise to `labels`.
    fn offsets(&mut self, rows: usize, labels: usize) -> Vec<u32> {
        let length = self.length(rows + 1);
        let mut offsets = self.u32s(length);
        if self.byte() < 200 {
            let most = u32::try_from(labels).unwrap_or(u32::MAX);
            offsets.iter_mut().for_each(|at| *at = (*at).min(most));
            offsets.sort_unstable();
        }
        offsets
    }
}

/// Whatever a plugin hands over is refused, or read without leaving its text; the store takes it.
///
/// # Panics
/// If that does not hold.
pub fn check(data: &[u8]) {
    let mut from = Bytes(data);
    let [families, samples, labels] = [(); 3].map(|()| usize::from(from.byte() % 16));
    let text = from.bytes(200);
    let extra = from.bytes(100);
    let rows_of = |of: Of| of.rows(families, samples, labels);
    let spans: Vec<_> = SPANS
        .iter()
        .map(|(_, of)| from.spans(rows_of(*of)))
        .collect();
    let kinds = from.bytes(families);
    let rows = from.u32s(samples);
    let offsets = from.offsets(samples, labels);
    let values = from.f64s(samples);
    let times = from.i64s(samples);
    let lines = from.u32s(2);
    let counts = from.i64s(1);
    let (exemplars, exemplar_values, exemplar_times) = (from.u32s(2), from.f64s(2), from.i64s(2));
    let grammar = from.bytes(1);
    let mut columns: Vec<Column<'_>> = SPANS
        .iter()
        .zip(&spans)
        .map(|((name, _), spans)| Column::u32s(name, spans))
        .collect();
    columns.extend([
        Column::u8s(c::FAMILY_KIND, &kinds),
        Column::u32s(c::SAMPLE_FAMILY, &rows),
        Column::u32s(c::SAMPLE_LABEL_OFFSETS, &offsets),
        Column::f64s(c::SAMPLE_VALUE, &values),
        Column::i64s(c::SAMPLE_TIME, &times),
        Column::u32s(c::DIAGNOSTIC_LINE, &lines),
        Column::i64s(c::DIAGNOSTIC_COUNT, &counts),
        Column::u32s(c::EXEMPLAR_SAMPLE, &exemplars),
        Column::f64s(c::EXEMPLAR_VALUE, &exemplar_values),
        Column::i64s(c::EXEMPLAR_TIME, &exemplar_times),
        Column::u8s(c::VALUE_GRAMMAR, &grammar),
    ]);
    // A column may be missing, or be there twice.
    let at = usize::from(from.byte());
    if at < columns.len() {
        columns.remove(at);
    } else if let Some(column) = columns.get(255 - at) {
        columns.push(*column);
    }
    let batch = AbiBatch {
        text: text.as_slice().into(),
        extra: extra.as_slice().into(),
        columns: columns.as_slice().into(),
    };
    if let Ok(view) = BatchView::new(batch) {
        read(&view);
        store::take(&view);
    }
}

/// What has as many rows as a column of spans.
#[derive(Clone, Copy)]
enum Of {
    Families,
    Samples,
    Labels,
    Two,
}

impl Of {
    fn rows(self, families: usize, samples: usize, labels: usize) -> usize {
        match self {
            Self::Families => families,
            Self::Samples => samples,
            Self::Labels => labels,
            Self::Two => 2,
        }
    }
}

const SPANS: [(&str, Of); 9] = [
    (c::FAMILY_NAME, Of::Families),
    (c::FAMILY_HELP, Of::Families),
    (c::FAMILY_UNIT, Of::Families),
    (c::SAMPLE_NAME, Of::Samples),
    (c::SAMPLE_VALUE_SPAN, Of::Samples),
    (c::SAMPLE_TIME_SPAN, Of::Samples),
    (c::LABEL_NAME, Of::Labels),
    (c::LABEL_VALUE, Of::Labels),
    (c::DIAGNOSTIC_REASON, Of::Two),
];

/// Reads all that there is.
fn read(view: &BatchView<'_>) {
    let mut bytes = 0;
    for row in 0..=view.families() {
        bytes += view.family_name(row).map_or(0, <[u8]>::len);
        bytes += view.family_help(row).len() + view.family_unit(row).len();
        let _kind = view.family_kind(row);
    }
    for row in 0..=view.len() {
        let Some(sample) = view.sample(row) else {
            continue;
        };
        assert!(sample.family < view.families());
        bytes += sample
            .labels
            .flatten()
            .map(|(name, value)| name.len() + value.len())
            .sum::<usize>();
        let _ranges = (view.value_range(row), view.time_range(row));
    }
    bytes += view
        .diagnostics()
        .map(|(_, reason)| reason.len())
        .sum::<usize>();
    bytes += view.exemplars().count();
    assert!(bytes < 1 << 20, "no more than was given");
}
