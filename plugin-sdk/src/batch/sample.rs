//! One sample of a batch, as its reader sees it.

#[cfg(doc)]
use super::BatchView;
use super::Span;

/// One sample of a [`BatchView`].
#[derive(Debug, Clone)]
pub struct SampleView<'a> {
    /// Row of the family.
    pub family: usize,
    /// Name as written. Not necessarily UTF-8.
    pub name: &'a [u8],
    /// Value.
    pub value: f64,
    /// Wall-clock nanoseconds, if the sample has a time of its own.
    pub time_ns: Option<i64>,
    /// Its labels, in the order of the page.
    pub labels: LabelIter<'a>,
}

/// Labels of one sample, in the order of the page.
#[derive(Debug, Clone)]
pub struct LabelIter<'a> {
    pub(super) text: &'a [u8],
    pub(super) extra: &'a [u8],
    pub(super) names: &'a [u32],
    pub(super) values: &'a [u32],
}

impl<'a> Iterator for LabelIter<'a> {
    /// Name and value; `None` inside for a span outside the text.
    type Item = Option<(&'a [u8], &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        let (name, names) = self.names.split_first_chunk::<2>()?;
        let (value, values) = self.values.split_first_chunk::<2>()?;
        self.names = names;
        self.values = values;
        let name = Span {
            start: name[0],
            end: name[1],
        }
        .slice(self.text, self.extra);
        let value = Span {
            start: value[0],
            end: value[1],
        }
        .slice(self.text, self.extra);
        Some(name.zip(value))
    }
}
