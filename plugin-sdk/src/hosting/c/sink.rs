//! Where plugins in C put what they read: rows of a batch, one call each.

use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use super::abi::{CError, CLabel, CPage, CSample, CSink, Text};
use super::text::{LARGEST, LONGEST, bytes, prefix, string};
use crate::batch::{Batch, BatchView, FamilyRow, NO_TIME, SampleRow, Span};
use crate::hosting::SinkServices;
use crate::time::{Instant2, PayloadClock};
use crate::{ErrorKind, MetricKind, Payload, PluginError, Result};

/// More labels than any sample has: a count that was never set.
const MOST_LABELS: usize = 10_000;

thread_local! {
    /// Its address tells this thread from all others that are alive.
    static HERE: u8 = const { 0 };
}

fn this_thread() -> usize {
    HERE.with(|here| ptr::from_ref(here).addr())
}

/// The sink of an instance, as C has it. It stays for ever: a plugin that keeps it beyond the call finds
/// that nothing is lent, and so does one that uses it from a thread of its own.
pub(super) struct Table {
    sink: CSink,
    lent: Lent,
}

/// What is lent during a call, and to which thread.
#[derive(Default)]
struct Lent {
    thread: AtomicUsize,
    state: AtomicPtr<c_void>,
}

impl Table {
    /// A new one; some hundred bytes that are never given back.
    pub(super) fn new() -> &'static Self {
        let table = Box::leak(Box::new(Self {
            sink: CSink {
                size: size_of::<CSink>(),
                this: ptr::null_mut(),
                describe,
                sample,
                push,
                error,
                diagnostic,
                payload,
            },
            lent: Lent::default(),
        }));
        table.sink.this = (&raw const table.lent).cast_mut().cast();
        table
    }

    /// Runs `call` with the table for C, behind which `state` is until the call returns.
    pub(super) fn lend(
        &self,
        state: &mut SinkState<'_>,
        call: impl FnOnce(*const CSink) -> i32,
    ) -> i32 {
        let Lent {
            thread,
            state: place,
        } = &self.lent;
        place.store(ptr::from_mut(state).cast(), Ordering::Release);
        thread.store(this_thread(), Ordering::Release);
        let result = call(&raw const self.sink);
        thread.store(0, Ordering::Release);
        place.store(ptr::null_mut(), Ordering::Release);
        result
    }
}

/// The readings of one call.
pub(super) struct SinkState<'a> {
    sink: &'a mut dyn SinkServices,
    batch: &'a mut Batch,
    /// The page that is being parsed: text in it is named, not copied.
    page: &'a [u8],
    now: Instant2,
    /// Family of the last sample, and its row: the next one is nearly always of the same.
    last_family: Option<(Vec<u8>, u32)>,
    /// It is a collector's: what was added may be handed over at any time.
    may_push: bool,
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
            may_push: true,
        }
    }

    /// Of a parser, whose page is one batch.
    pub(super) fn of_page(self) -> Self {
        Self {
            may_push: false,
            ..self
        }
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

    /// Adds a sample whole or not at all; the error says what is wrong with it.
    fn add(&mut self, sample: &CSample) -> Result<(), &'static str> {
        // Those of a sample that was given up half way are nobody's.
        self.batch.discard_labels();
        let text = |text| {
            // SAFETY: texts of a sample and of its labels are valid during this call.
            unsafe { bytes(text, LONGEST) }.ok_or("a text is longer than any text")
        };
        let (name, family) = (text(sample.name)?, text(sample.family)?);
        if name.is_empty() {
            return Err("its name is empty");
        }
        let family = if family.is_empty() { name } else { family };
        let labels = labels_of(sample)?;
        for label in labels {
            text(label.name)?;
            text(label.value)?;
        }
        let kind = u8::try_from(sample.kind).map_or(MetricKind::Unknown, MetricKind::from_u8);
        let family = self.family(family, kind);
        for label in labels {
            let (name, value) = (text(label.name)?, text(label.value)?);
            let (name, value) = (self.span(name), self.span(value));
            self.batch.push_label(name, value);
        }
        let name = self.span(name);
        self.batch
            .push_sample(SampleRow::new(family, name, sample.value).at(sample.time_ns));
        Ok(())
    }

    /// Records a sample that was not taken.
    fn refuse(&mut self, why: &str) {
        let reason = format!("a sample is left out: {why}");
        self.batch.diagnostic(0, &reason);
    }
}

fn labels_of(sample: &CSample) -> Result<&[CLabel], &'static str> {
    if sample.labels.is_null() || sample.n_labels == 0 {
        return Ok(&[]);
    }
    if sample.n_labels > MOST_LABELS || !sample.labels.is_aligned() {
        return Err("its labels are no list of labels");
    }
    // SAFETY: there are `n_labels` of them behind the address, as long as the sample.
    Ok(unsafe { slice::from_raw_parts(sample.labels, sample.n_labels) })
}

/// Runs `work` on the readings behind a table that came from C; `missing` without one, if it is not lent to
/// this thread, or if `work` panics.
fn with<T>(sink: *const CSink, missing: T, work: impl FnOnce(&mut SinkState<'_>) -> T) -> T {
    // SAFETY: the only tables that C has are ours, which stay for ever.
    let Some(sink) = (unsafe { sink.as_ref() }) else {
        return missing;
    };
    // SAFETY: so does what is behind them.
    let Some(lent) = (unsafe { sink.this.cast::<Lent>().as_ref() }) else {
        return missing;
    };
    if lent.thread.load(Ordering::Acquire) != this_thread() {
        return missing;
    }
    // SAFETY: this is the thread of the call, which has not returned, so that the readings are there; nobody
    // else has them, as no function of the table calls C.
    let state = unsafe {
        lent.state
            .load(Ordering::Acquire)
            .cast::<SinkState<'_>>()
            .as_mut()
    };
    let Some(state) = state else {
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
        let family = FamilyRow::new(span(family), kind)
            .help(span(help))
            .unit(span(unit));
        sink.batch.push_family(family);
        sink.last_family = None;
    });
}

extern "C" fn sample(sink: *const CSink, sample: *const CSample) {
    with(sink, (), |sink| {
        // SAFETY: C gives a struct of the header, with its size in front.
        let sample = unsafe { prefix(sample) }.ok_or("its `size` is not that of a sample");
        if let Err(why) = sample.and_then(|sample| sink.add(&sample)) {
            sink.refuse(why);
        }
    });
}

extern "C" fn push(sink: *const CSink, source_id: *const c_char) -> i32 {
    with(sink, 1, |sink| {
        // SAFETY: texts of this type end with a NUL, or are null.
        let source_id = unsafe { string(source_id) }.unwrap_or_default();
        i32::from(!sink.may_push || sink.push(&source_id).is_err())
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
        let text = |text: Text, most| unsafe { bytes(text, most) };
        let texts = (
            text(page.source_id, LONGEST),
            text(page.content_type, LONGEST),
        );
        let ((Some(source_id), Some(content_type)), Some(body)) = (texts, text(page.body, LARGEST))
        else {
            return 1;
        };
        let [source_id, content_type] = [source_id, content_type].map(String::from_utf8_lossy);
        let now = sink.now;
        let given = |ns: i64| match ns {
            0 | NO_TIME => now.mono_ns,
            ns => ns.clamp(0, now.mono_ns),
        };
        let complete_ns = given(page.complete_ns);
        let sent = given(page.sent_ns).min(complete_ns);
        let sent = Instant2 {
            mono_ns: sent,
            wall_ns: now.wall_ns.saturating_sub(now.mono_ns - sent),
        };
        let clock = PayloadClock::new(sent, complete_ns, complete_ns);
        let payload = Payload::new(&content_type, body, clock).source(&source_id);
        i32::from(sink.sink.payload(&payload).is_err())
    })
}

const _: () = assert!(NO_TIME == i64::MIN, "as the header says");
