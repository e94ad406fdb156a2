//! Where plugins in C put what they read: rows of a batch, one call each.

use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use super::abi::{CError, CLabel, CPage, CSample, CSink, Text};
use super::text::{bytes, prefix, string};
use crate::batch::{Batch, BatchView, FamilyRow, NO_TIME, SampleRow, Span};
use crate::hosting::SinkServices;
use crate::time::{Instant2, PayloadClock};
use crate::{ErrorKind, MetricKind, Payload, PluginError, Result};

/// The readings of one call.
pub(super) struct SinkState<'a> {
    sink: &'a mut dyn SinkServices,
    batch: &'a mut Batch,
    /// The page that is being parsed: text in it is named, not copied.
    page: &'a [u8],
    now: Instant2,
    /// Family of the last sample, and its row: the next one is nearly always of the same.
    last_family: Option<(Vec<u8>, u32)>,
}

impl<'a> SinkState<'a> {
    pub(super) fn new(
        sink: &'a mut dyn SinkServices,
        batch: &'a mut Batch,
        page: &'a [u8],
        now: Instant2,
    ) -> Self {
        batch.clear();
        Self {
            sink,
            batch,
            page,
            now,
            last_family: None,
        }
    }

    /// Runs `call` with a table for C. The table is worthless after that.
    pub(super) fn lend(&mut self, call: impl FnOnce(*const CSink) -> i32) -> i32 {
        let table = CSink {
            size: size_of::<CSink>(),
            this: std::ptr::from_mut(self).cast::<c_void>(),
            describe,
            sample,
            push,
            error,
            diagnostic,
            payload,
        };
        call(&raw const table)
    }

    /// Hands over what is in the batch, if anything is.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.push("")
    }

    /// Hands over what is in the batch.
    pub(super) fn push(&mut self, source_id: &str) -> Result<()> {
        let sink = &mut *self.sink;
        let pushed = self.batch.with_abi(self.page, |columns| {
            let view = BatchView::new(columns)
                .map_err(|error| PluginError::new(ErrorKind::Format, error.to_string()))?;
            sink.batch(source_id, &view)
        });
        self.batch.clear();
        self.last_family = None;
        pushed
    }

    /// Names text: where it stands in the page, or else a copy of it.
    fn span(&mut self, text: &[u8]) -> Span {
        let page = self.page.as_ptr_range();
        let range = text.as_ptr_range();
        if !text.is_empty() && page.start <= range.start && range.end <= page.end {
            let start = range.start.addr() - page.start.addr();
            return Span::text(start, start + text.len());
        }
        self.batch.push_extra(text)
    }

    fn family(&mut self, name: &[u8], kind: MetricKind) -> u32 {
        if let Some((_, row)) = self.last_family.as_ref().filter(|(last, _)| last == name) {
            return *row;
        }
        let row = self.batch.family_named(name, kind);
        self.last_family = Some((name.to_vec(), row));
        row
    }

    fn add(&mut self, sample: &CSample) {
        // SAFETY: texts of a sample are valid during this call.
        let [name, family] = [sample.name, sample.family].map(|text| unsafe { bytes(text) });
        let family = if family.is_empty() { name } else { family };
        let kind = u8::try_from(sample.kind).map_or(MetricKind::Unknown, MetricKind::from_u8);
        let family = self.family(family, kind);
        for label in labels_of(sample) {
            // SAFETY: texts of a label are valid during this call.
            let [name, value] = [label.name, label.value].map(|text| unsafe { bytes(text) });
            let (name, value) = (self.span(name), self.span(value));
            self.batch.push_label(name, value);
        }
        let name = self.span(name);
        self.batch.push_sample(SampleRow {
            family,
            name,
            value: sample.value,
            value_span: Span::NONE,
            time_ns: sample.time_ns,
            time_span: Span::NONE,
        });
    }
}

fn labels_of(sample: &CSample) -> &[CLabel] {
    if sample.labels.is_null() {
        return &[];
    }
    // SAFETY: there are `n_labels` of them behind the address, as long as the sample.
    unsafe { slice::from_raw_parts(sample.labels, sample.n_labels) }
}

/// Runs `work` on the readings behind a table that came from C; `missing` without one, or if it panics.
fn with<T>(sink: *const CSink, missing: T, work: impl FnOnce(&mut SinkState<'_>) -> T) -> T {
    // SAFETY: the only tables that C has are ours, used during the call that they came with.
    let Some(sink) = (unsafe { sink.as_ref() }) else {
        return missing;
    };
    // SAFETY: it is what the table was made with. It is used from the thread of the call, so that nobody
    // else has the readings meanwhile.
    let Some(state) = (unsafe { sink.this.cast::<SinkState<'_>>().as_mut() }) else {
        return missing;
    };
    catch_unwind(AssertUnwindSafe(|| work(state))).unwrap_or(missing)
}

extern "C" fn describe(
    sink: *const CSink,
    family: *const c_char,
    kind: i32,
    help: *const c_char,
    unit: *const c_char,
) {
    with(sink, (), |sink| {
        // SAFETY: texts of this type end with a NUL, or are null.
        let [family, help, unit] = [family, help, unit].map(|text| unsafe { string(text) });
        let kind = u8::try_from(kind).map_or(MetricKind::Unknown, MetricKind::from_u8);
        let mut span = |text: Option<String>| {
            let text = text.unwrap_or_default();
            sink.batch.push_extra(text.as_bytes())
        };
        let family = FamilyRow {
            name: span(family),
            kind,
            help: span(help),
            unit: span(unit),
        };
        sink.batch.push_family(family);
        sink.last_family = None;
    });
}

extern "C" fn sample(sink: *const CSink, sample: *const CSample) {
    with(sink, (), |sink| {
        // SAFETY: C gives a struct of the header, with its size in front.
        if let Some(sample) = unsafe { prefix(sample) } {
            sink.add(&sample);
        }
    });
}

extern "C" fn push(sink: *const CSink, source_id: *const c_char) -> i32 {
    with(sink, 1, |sink| {
        // SAFETY: texts of this type end with a NUL, or are null.
        let source_id = unsafe { string(source_id) }.unwrap_or_default();
        i32::from(sink.push(&source_id).is_err())
    })
}

extern "C" fn error(sink: *const CSink, error: *const CError) {
    with(sink, (), |sink| {
        // SAFETY: C gives a struct of the header, with its size in front.
        if let Some(error) = unsafe { prefix(error) } {
            sink.sink.error(error.read());
        }
    });
}

extern "C" fn diagnostic(sink: *const CSink, line: u32, reason: *const c_char) {
    with(sink, (), |sink| {
        // SAFETY: texts of this type end with a NUL, or are null.
        let reason = unsafe { string(reason) }.unwrap_or_default();
        sink.batch.diagnostic(line, &reason);
    });
}

extern "C" fn payload(sink: *const CSink, page: *const CPage) -> i32 {
    with(sink, 1, |sink| {
        // SAFETY: C gives a struct of the header, with its size in front.
        let Some(page) = (unsafe { prefix(page) }) else {
            return 1;
        };
        // SAFETY: texts of a page are valid during this call.
        let text = |text: Text| String::from_utf8_lossy(unsafe { bytes(text) });
        let (source_id, content_type) = (text(page.source_id), text(page.content_type));
        let given = |ns: i64, now: i64| if ns == 0 { now } else { ns };
        let sent = given(page.sent_ns, sink.now.mono_ns);
        let complete_ns = given(page.complete_ns, sink.now.mono_ns);
        let payload = Payload {
            source_id: &source_id,
            content_type: &content_type,
            // SAFETY: as above.
            body: unsafe { bytes(page.body) },
            clock: PayloadClock {
                sent: Instant2 {
                    mono_ns: sent,
                    wall_ns: sink.now.wall_ns - (sink.now.mono_ns - sent),
                },
                first_byte_ns: complete_ns,
                complete_ns,
            },
        };
        i32::from(sink.sink.payload(&payload).is_err())
    })
}

const _: () = assert!(NO_TIME == i64::MIN, "as the header says");
