//! A page as the rules see it: families with their samples and lines of metadata, each with its place.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::{Batch, MetricKind as Kind};

use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::format::Format;
use crate::labels;
use crate::metadata::{self, Keyword};
use crate::page::{Place, Watch};

/// The lines of a page, as they were read.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Lines of metadata that could be read.
    pub(super) comments: Vec<Place>,
    /// The line of each sample.
    pub(super) samples: Vec<Place>,
    pub(super) faults: Vec<(Place, Fault)>,
    pub(super) page: Vec<&'static str>,
}

impl Watch for Lines {
    fn line(&mut self, line: Place, batch: &Batch) {
        if batch.len() > self.samples.len() {
            self.samples.push(line);
        } else if !line.range.is_empty() {
            self.comments.push(line);
        }
    }

    fn fault(&mut self, line: Place, fault: Fault) {
        self.faults.push((line, fault));
    }

    fn page(&mut self, what: &'static str) {
        self.page.push(what);
    }
}

/// A sample.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    /// Row of its family.
    pub(super) family: usize,
    pub(super) line: Place,
    pub(super) name: Cow<'a, str>,
    pub(super) value: f64,
    /// Nanoseconds, if it has a time.
    pub(super) time: Option<i64>,
    pub(super) labels: Vec<Label<'a>>,
    /// Where its value stands.
    pub(super) value_at: Range<usize>,
    /// Where its time stands.
    pub(super) time_at: Option<Range<usize>>,
}

/// A label of a sample.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Label<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
}

impl Sample<'_> {
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        let mut labels = self.labels.iter();
        labels.find(|l| l.name == name).map(|l| l.value.as_ref())
    }

    /// What tells its series from others: the labels in their order, without empty ones and `without`.
    pub(super) fn identity(&self, without: &str) -> Vec<Label<'_>> {
        let counts = |label: &&Label<'_>| label.name != without && !label.value.is_empty();
        let mut labels: Vec<_> = self.labels.iter().filter(counts).cloned().collect();
        labels.sort();
        labels
    }

    /// The line up to the value.
    pub(super) fn series_at(&self) -> Range<usize> {
        let start = self.line.range.start;
        start..self.value_at.start.saturating_sub(1).max(start)
    }
}

/// A line of metadata.
#[derive(Debug)]
pub(super) struct Note<'a> {
    pub(super) keyword: Keyword,
    pub(super) name: &'a [u8],
    pub(super) line: Place,
}

/// A family: a name with a type.
#[derive(Debug)]
pub(super) struct Family<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) kind: Kind,
    pub(super) has_help: bool,
    /// Indices of its samples.
    pub(super) samples: Vec<usize>,
    /// The line of its type, else the first that names it.
    pub(super) at: Range<usize>,
    /// Its type stands on the page.
    pub(super) is_typed: bool,
}

/// A page that was read.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) format: Format,
    pub(super) families: Vec<Family<'a>>,
    pub(super) samples: Vec<Sample<'a>>,
    pub(super) notes: Vec<Note<'a>>,
}

impl<'a> Page<'a> {
    pub(super) fn new(page: &'a [u8], format: Format, view: &BatchView<'a>, lines: &Lines) -> Self {
        let places = lines.comments.iter();
        let notes: Vec<_> = places.filter_map(|line| note(page, format, line)).collect();
        let samples: Vec<_> = (0..view.len())
            .zip(&lines.samples)
            .filter_map(|(row, line)| sample(view, row, line))
            .collect();
        let mut of_family = vec![Vec::new(); view.families()];
        for (index, sample) in samples.iter().enumerate() {
            of_family[sample.family].push(index);
        }
        let mut by_name: HashMap<&[u8], Vec<&Note<'_>>> = HashMap::new();
        for note in &notes {
            by_name.entry(note.name).or_default().push(note);
        }
        let families = of_family.into_iter().enumerate().map(|(row, members)| {
            let name = view.family_name(row).unwrap_or_default();
            let notes = by_name.get(name).map(Vec::as_slice).unwrap_or_default();
            let typed = notes.iter().find(|note| note.keyword == Keyword::Type);
            let line = typed.or(notes.first()).map(|note| &note.line);
            let first = members.first().map(|&index| samples[index].series_at());
            Family {
                name: String::from_utf8_lossy(name),
                kind: view.family_kind(row),
                has_help: notes.iter().any(|note| note.keyword == Keyword::Help),
                at: line.map(|l| l.range.clone()).or(first).unwrap_or(0..0),
                is_typed: typed.is_some(),
                samples: members,
            }
        });
        Self {
            families: families.collect(),
            format,
            samples,
            notes,
        }
    }

    /// The samples of a family.
    pub(super) fn of(&self, family: &Family<'_>) -> impl Iterator<Item = &Sample<'a>> {
        family.samples.iter().map(|&index| &self.samples[index])
    }
}

fn sample<'a>(view: &BatchView<'a>, row: usize, line: &Place) -> Option<Sample<'a>> {
    let sample = view.sample(row)?;
    let label = |(name, value)| Label {
        name: String::from_utf8_lossy(name),
        value: String::from_utf8_lossy(value),
    };
    Some(Sample {
        family: sample.family,
        line: line.clone(),
        name: String::from_utf8_lossy(sample.name),
        value: sample.value,
        time: sample.time_ns,
        labels: sample.labels.flatten().map(label).collect(),
        value_at: view.value_range(row).unwrap_or(line.range.clone()),
        time_at: view.time_range(row),
    })
}

/// Reads a line of metadata again, as far as its name.
fn note<'a>(page: &'a [u8], format: Format, line: &Place) -> Option<Note<'a>> {
    let mut cursor = Cursor::new(&page[..line.range.end], line.range.start, format);
    cursor.skip_blanks();
    let keyword = metadata::keyword(&mut cursor).ok()?;
    if !matches!(keyword, Keyword::Help | Keyword::Type | Keyword::Unit) {
        return None;
    }
    cursor.skip_blanks();
    let name = if cursor.eat(b'"') {
        labels::quoted(&mut cursor).ok()?.range
    } else {
        cursor.metric_name()?
    };
    Some(Note {
        keyword,
        name: &page[name],
        line: line.clone(),
    })
}
