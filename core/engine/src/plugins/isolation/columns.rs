//! Batches in shared memory, on their way between two processes of this program. Columns of unknown names go
//! along: what cannot be read here may be read there.

use aiperf_plugin_sdk::batch::{BatchError, BatchView};
use aiperf_plugin_sdk::hosting::Column;

use super::memory::{Plain, Reader, Writer};

const U8: u8 = 0;
const U32: u8 = 1;
const I64: u8 = 2;
const F64: u8 = 3;

/// Writes `batch` to shared memory. Without its text, where the other side has that already.
pub(super) fn encode(batch: &BatchView<'_>, with_text: bool, to: &mut Writer<'_>) {
    let columns = batch.columns();
    put_length(to, columns.len());
    for column in columns {
        let name = column.name.as_str().as_bytes();
        put_length(to, name.len());
        to.put(name);
        put_data(to, column);
    }
    put_length(to, batch.extra().len());
    to.put(batch.extra());
    if with_text {
        to.put(batch.text());
    }
}

fn put_length(to: &mut Writer<'_>, length: usize) {
    to.put(&[length as u64]);
}

/// The one slice that a column uses; of an empty one the type does not matter.
fn put_data(to: &mut Writer<'_>, column: &Column<'_>) {
    if !column.u32s.is_empty() {
        put_numbers(to, U32, &column.u32s);
    } else if !column.i64s.is_empty() {
        put_numbers(to, I64, &column.i64s);
    } else if !column.f64s.is_empty() {
        put_numbers(to, F64, &column.f64s);
    } else {
        put_numbers(to, U8, &column.u8s);
    }
}

fn put_numbers<T: Plain>(to: &mut Writer<'_>, code: u8, numbers: &[T]) {
    to.put(&[code]);
    put_length(to, numbers.len());
    to.put(numbers);
}

/// A batch that came as bytes. Kept from one to the next, so that a steady state allocates little.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    columns: Vec<Owned>,
    /// Columns of this batch; what is behind them is of earlier ones.
    used: usize,
    extra: Vec<u8>,
    text: Vec<u8>,
}

#[derive(Debug, Default)]
struct Owned {
    name: String,
    /// Its bytes as they came.
    letters: Vec<u8>,
    code: u8,
    u8s: Vec<u8>,
    u32s: Vec<u32>,
    i64s: Vec<i64>,
    f64s: Vec<f64>,
}

impl Decoded {
    /// Reads what [`encode`] wrote; `None` if it is something else.
    pub(super) fn read(&mut self, from: &mut Reader<'_>) -> Option<()> {
        self.used = take_length(from)?;
        // Each takes some bytes: a number beyond that is no number of columns.
        if self.used > from.left() {
            return None;
        }
        for place in 0..self.used {
            if place == self.columns.len() {
                self.columns.push(Owned::default());
            }
            self.columns.get_mut(place)?.read(from)?;
        }
        let length = take_length(from)?;
        from.take(length, &mut self.extra)?;
        from.take(from.left(), &mut self.text)
    }

    /// Calls `with` with the batch, over `body` if it came without text of its own.
    pub(super) fn view<T>(
        &self,
        body: Option<&[u8]>,
        with: impl FnOnce(&BatchView<'_>) -> T,
    ) -> Result<T, BatchError> {
        let used = self.columns.iter().take(self.used);
        let columns: Vec<_> = used.map(Owned::borrowed).collect();
        let text = body.unwrap_or(&self.text);
        BatchView::of_columns(text, &self.extra, &columns).map(|view| with(&view))
    }
}

impl Owned {
    fn read(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let length = take_length(from)?;
        from.take(length, &mut self.letters)?;
        let name = std::str::from_utf8(&self.letters).ok()?;
        if name != self.name {
            name.clone_into(&mut self.name);
        }
        from.take(1, &mut self.letters)?;
        self.code = *self.letters.first()?;
        let length = take_length(from)?;
        match self.code {
            U8 => from.take(length, &mut self.u8s),
            U32 => from.take(length, &mut self.u32s),
            I64 => from.take(length, &mut self.i64s),
            F64 => from.take(length, &mut self.f64s),
            _ => None,
        }
    }

    fn borrowed(&self) -> Column<'_> {
        match self.code {
            U32 => Column::u32s(&self.name, &self.u32s),
            I64 => Column::i64s(&self.name, &self.i64s),
            F64 => Column::f64s(&self.name, &self.f64s),
            _ => Column::u8s(&self.name, &self.u8s),
        }
    }
}

fn take_length(from: &mut Reader<'_>) -> Option<usize> {
    let mut length = Vec::with_capacity(1);
    from.take::<u64>(1, &mut length)?;
    usize::try_from(*length.first()?).ok()
}

#[cfg(test)]
mod tests {
    use aiperf_plugin_sdk::Batch;
    use proptest::prelude::*;

    use super::super::memory::Memory;
    use super::*;

    fn batch() -> Batch {
        let mut batch = Batch::new();
        batch.gauge("load", &[("window", "1m")], 0.5);
        batch.counter("ticks", &[], f64::NAN);
        batch.diagnostic(7, "no number");
        batch
    }

    /// Writes a batch, and reads it as another process does.
    fn cross(batch: &Batch, text: &[u8], with_text: bool, decoded: &mut Decoded) {
        let (mut memory, _file) = Memory::create().unwrap();
        let mut writer = memory.writer();
        let read = batch.read(text, |view| encode(view, with_text, &mut writer));
        read.unwrap();
        let length = writer.length().unwrap();
        decoded.read(&mut memory.reader(length)).unwrap();
    }

    /// Everything that can be seen of a batch.
    fn seen(view: &BatchView<'_>) -> String {
        let samples: Vec<_> = (0..view.len()).map(|row| view.sample(row)).collect();
        let diagnostics: Vec<_> = view.diagnostics().collect();
        let names: Vec<_> = view.columns().iter().map(|column| column.name).collect();
        format!("{samples:?} {diagnostics:?} {names:?} {:?}", view.text())
    }

    #[test]
    fn a_batch_arrives_as_it_left() {
        let mut decoded = Decoded::default();
        for with_text in [true, false, true] {
            let batch = batch();
            let text = b"the page";
            let expected = batch.read(text, seen).unwrap();
            cross(&batch, text, with_text, &mut decoded);
            let body = (!with_text).then_some(&text[..]);
            assert_eq!(decoded.view(body, seen).unwrap(), expected);
        }
        cross(&Batch::new(), b"", true, &mut decoded);
        let empty = decoded.view(None, |view| view.len() + view.families());
        assert_eq!(empty.unwrap(), 0);
    }

    #[test]
    fn columns_of_other_versions_go_along() {
        let columns = [
            Column::u32s("sample.name", &[]),
            Column::u32s("sample.family", &[]),
            Column::u32s("sample.label_offsets", &[0]),
            Column::f64s("sample.value", &[]),
            Column::u32s("family.name", &[]),
            Column::i64s("sample.moon", &[i64::MIN, 7]),
            Column::u8s("sample.mood", &[1, 2, 3]),
        ];
        let view = BatchView::of_columns(b"", b"", &columns).unwrap();
        let (mut memory, _file) = Memory::create().unwrap();
        let mut writer = memory.writer();
        encode(&view, true, &mut writer);
        let length = writer.length().unwrap();
        let mut decoded = Decoded::default();
        decoded.read(&mut memory.reader(length)).unwrap();
        let arrived = decoded.view(None, |view| format!("{:?}", view.columns()));
        assert_eq!(arrived.unwrap(), format!("{columns:?}"));
    }

    proptest! {
        /// A process in trouble may send anything.
        #[test]
        fn garbage_is_refused_and_does_no_harm(
            cut in 0_usize..2000,
            damage in prop::collection::vec((0_usize..2000, any::<u8>()), 0..8),
        ) {
            let (mut memory, _file) = Memory::create().unwrap();
            let mut writer = memory.writer();
            batch().read(b"the page", |view| encode(view, true, &mut writer)).unwrap();
            let length = writer.length().unwrap();
            let mut bytes = memory.written_by_the_run(length).unwrap().to_vec();
            for (place, byte) in damage {
                if let Some(slot) = bytes.get_mut(place) {
                    *slot = byte;
                }
            }
            memory.writer().put(&bytes);
            let mut decoded = Decoded::default();
            if decoded.read(&mut memory.reader(cut.min(length))).is_some() {
                // Whatever it is now, looking at it is safe.
                drop(decoded.view(None, seen));
            }
        }
    }
}
