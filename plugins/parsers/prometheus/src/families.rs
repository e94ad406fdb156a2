//! Which family a sample belongs to.
//!
//! A sample belongs to the family that has exactly its name; else to the family without its suffix
//! if that family's type owns the suffix; else it is a family of its own, of unknown type.
//! One name may be declared with several types (Go's `go_memstats_alloc_bytes` is a gauge and a
//! counter in OpenMetrics): that makes several families, told apart by the suffixes of the samples.

use std::ops::Range;

use aiperf_plugin_sdk::batch::{FamilyRow, Span};
use aiperf_plugin_sdk::{Batch, MetricKind as Kind};

use crate::names::{Names, State};

/// A name: where it stands, and its span without escapes.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    /// As written, without quotes.
    pub(crate) raw: Range<usize>,
    /// As it is meant.
    pub(crate) span: Span,
}

/// The names of a page. Two spellings of one name (with needless escapes) count as two names.
#[derive(Debug, Default)]
pub(crate) struct Families {
    names: Names,
    scratch: Vec<u8>,
    /// Entries that are [`State::Sampled`].
    sampled: usize,
    /// Set when metadata came after samples that it would have placed in another family.
    late: bool,
    /// Set when a name has several types.
    clashing: bool,
    /// Name and text of the HELP line read last, which may be about the next TYPE line.
    last_help: Option<(Range<usize>, Span)>,
}

impl Families {
    /// Forgets all names and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.sampled = 0;
        self.late = false;
        self.clashing = false;
        self.last_help = None;
    }

    /// True if samples read so far may be in the wrong family: all types have to be known first.
    pub(crate) fn is_late(&self) -> bool {
        self.late
    }

    /// Row of the family that the sample `name` belongs to.
    pub(crate) fn of_sample(&mut self, page: &[u8], name: &Name, batch: &mut Batch) -> u32 {
        let raw = &page[name.raw.clone()];
        if let Some(index) = self.find_bare(page, raw) {
            return match self.names[index].state {
                State::Described => self.sample_of_described(page, raw, index),
                _ => self.names[index].row,
            };
        }
        if let Some(row) = self.owner(page, raw) {
            return self.insert(page, name, row, State::Alias);
        }
        self.sampled += 1;
        let row = push_family(batch, name, Kind::Unknown);
        self.insert(page, name, row, State::Sampled)
    }

    /// A name that only a HELP or UNIT line has mentioned may still be a sample of another family.
    fn sample_of_described(&mut self, page: &[u8], raw: &[u8], index: usize) -> u32 {
        if let Some(row) = self.owner(page, raw) {
            self.names[index].row = row;
            self.names[index].state = State::Alias;
        } else {
            self.sampled += 1;
            self.names[index].state = State::Sampled;
        }
        self.names[index].row
    }

    /// Declares the type of family `name`.
    pub(crate) fn declare(&mut self, page: &[u8], name: &Name, kind: Kind, batch: &mut Batch) {
        let raw = &page[name.raw.clone()];
        let same = |state| matches!(state, State::Typed(known) if known == kind);
        if self.names.find_where(page, raw, same).is_some() {
            return;
        }
        let found = self.find(page, raw);
        match found.map(|index| (index, self.names[index].state)) {
            None => self.declare_new(page, name, kind, batch),
            Some((_, State::Alias)) => self.late = true,
            Some((_, State::Typed(_))) if kind == Kind::Unknown => return,
            Some((index, State::Typed(Kind::Unknown) | State::Described)) => {
                self.set_kind(index, kind, batch);
            }
            Some((index, State::Sampled)) => {
                self.sampled -= 1;
                self.set_kind(index, kind, batch);
            }
            Some((_, State::Typed(_))) => {
                self.clashing = true;
                self.declare_new(page, name, kind, batch);
            }
        }
        self.look_for_orphans(page, raw, kind);
    }

    fn set_kind(&mut self, index: usize, kind: Kind, batch: &mut Batch) {
        self.names[index].state = State::Typed(kind);
        batch.update_family(self.names[index].row, |family| family.kind = kind);
    }

    fn declare_new(&mut self, page: &[u8], name: &Name, kind: Kind, batch: &mut Batch) {
        let row = push_family(batch, name, kind);
        self.insert(page, name, row, State::Typed(kind));
        let help = self.last_help.take();
        if let Some((_, help)) = help.filter(|(raw, _)| page[raw.clone()] == page[name.raw.clone()])
        {
            batch.update_family(row, |family| family.help = help);
        }
    }

    /// Takes the text of a HELP line. The first one of a family stands.
    pub(crate) fn describe(&mut self, page: &[u8], name: &Name, help: Span, batch: &mut Batch) {
        let row = self.mentioned(page, name, batch);
        batch.update_family(row, |family| {
            if family.help.is_empty() {
                family.help = help;
            }
        });
        self.last_help = Some((name.raw.clone(), help));
    }

    /// Takes the unit of a UNIT line.
    pub(crate) fn set_unit(&mut self, page: &[u8], name: &Name, unit: Span, batch: &mut Batch) {
        let row = self.mentioned(page, name, batch);
        batch.update_family(row, |family| family.unit = unit);
    }

    /// Row of the family that a line of metadata is about.
    pub(crate) fn mentioned(&mut self, page: &[u8], name: &Name, batch: &mut Batch) -> u32 {
        if let Some(index) = self.find(page, &page[name.raw.clone()]) {
            return self.names[index].row;
        }
        let row = push_family(batch, name, Kind::Unknown);
        self.insert(page, name, row, State::Described)
    }

    /// Notices samples that came before the type of their family.
    fn look_for_orphans(&mut self, page: &[u8], base: &[u8], kind: Kind) {
        if self.sampled == 0 || self.late {
            return;
        }
        let mut name = std::mem::take(&mut self.scratch);
        for suffix in suffixes(kind) {
            name.clear();
            name.extend_from_slice(base);
            name.extend_from_slice(suffix);
            let found = self.find(page, &name);
            self.late |= found.is_some_and(|index| self.names[index].state == State::Sampled);
        }
        self.scratch = name;
    }

    /// Row of the typed family whose sample `raw` is by its suffix.
    fn owner(&self, page: &[u8], raw: &[u8]) -> Option<u32> {
        let (base, suffix) = raw.split_at(memchr::memrchr(b'_', raw)?);
        let owns = |state| matches!(state, State::Typed(kind) if suffixes(kind).contains(&suffix));
        Some(self.names[self.names.find_where(page, base, owns)?].row)
    }

    /// The entry for a sample that has exactly the name `raw`. Where the name clashes, that is a
    /// type whose samples may lack a suffix.
    fn find_bare(&self, page: &[u8], raw: &[u8]) -> Option<usize> {
        let bare = |state| {
            matches!(
                state,
                State::Typed(Kind::Gauge | Kind::StateSet | Kind::Summary | Kind::Unknown)
            )
        };
        let preferred = if self.clashing {
            self.names.find_where(page, raw, bare)
        } else {
            None
        };
        preferred.or_else(|| self.find(page, raw))
    }

    fn find(&self, page: &[u8], raw: &[u8]) -> Option<usize> {
        self.names.find_where(page, raw, |_| true)
    }

    /// Adds a name; gives `row` back.
    fn insert(&mut self, page: &[u8], name: &Name, row: u32, state: State) -> u32 {
        self.names.insert(page, &name.raw, row, state);
        row
    }
}

fn push_family(batch: &mut Batch, name: &Name, kind: Kind) -> u32 {
    batch.push_family(FamilyRow::new(name.span, kind))
}

/// Suffixes of the samples of a family of type `kind`. Each has one underscore, at its start.
///
/// A gauge histogram may also use the suffixes of a histogram: Prometheus' own text encoder does.
fn suffixes(kind: Kind) -> &'static [&'static [u8]] {
    match kind {
        Kind::Counter => &[b"_total", b"_created"],
        Kind::Histogram => &[b"_bucket", b"_sum", b"_count", b"_created"],
        Kind::GaugeHistogram => &[b"_bucket", b"_gsum", b"_gcount", b"_sum", b"_count"],
        Kind::Summary => &[b"_sum", b"_count", b"_created"],
        Kind::Info => &[b"_info"],
        _ => &[],
    }
}
