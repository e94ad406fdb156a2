//! The values of one page, coded by those of the page before.

use super::bytes::{Reader, put_bits, put_signed, put_varint};

/// Whole numbers up to here are exact.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// A value on a page, and what was known of it.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Slot {
    /// Value on the page; if it is not there, the last one known.
    pub(in super::super) value: f64,
    /// Value on the last page that had it; 0 before.
    pub(in super::super) before: f64,
    /// True if it is on the page.
    pub(in super::super) present: bool,
    /// True if it was on the page before.
    pub(in super::super) was_present: bool,
    /// True for a bucket or count: it rises by what its predecessor rises, if by nothing more.
    pub(in super::super) follows: bool,
}

impl Slot {
    pub(super) fn is_unchanged(&self) -> bool {
        self.present == self.was_present && self.value.to_bits() == self.before.to_bits()
    }
}

/// The flag of a record's head.
pub(super) fn flag(slots: &[Slot], opens: bool) -> bool {
    match slots {
        [slot] => step(if opens { 0.0 } else { slot.before }, slot.value).is_none(),
        _ => slots.iter().any(|slot| !slot.present),
    }
}

/// Writes the values of a record. The first of a block counts from 0 and holds what is not on the
/// page as well.
pub(super) fn put(slots: &[Slot], opens: bool, out: &mut Vec<u8>) {
    let before = |slot: &Slot| if opens { 0.0 } else { slot.before };
    if let [slot] = slots {
        return put_value(before(slot), slot.value, 0, out);
    }
    if slots.iter().any(|slot| !slot.present) {
        put_presence(slots, out);
    }
    let (mut like, mut skipped) = (0, 0_u64);
    for slot in slots.iter().filter(|slot| opens || slot.present) {
        let before = before(slot);
        let expected = if slot.follows { like } else { 0 };
        if predicted(before, expected).to_bits() == slot.value.to_bits() {
            skipped += 1;
            continue;
        }
        let step = step(before, slot.value);
        put_varint(out, skipped << 1 | u64::from(step.is_none()));
        put_value(before, slot.value, expected, out);
        skipped = 0;
        if let (Some(step), true) = (step, slot.follows) {
            like = step;
        }
    }
    if skipped > 0 {
        put_varint(out, skipped << 1);
    }
}

fn put_value(before: f64, value: f64, expected: i64, out: &mut Vec<u8>) {
    match step(before, value) {
        Some(step) => put_signed(out, step - expected),
        None => put_bits(out, before.to_bits() ^ value.to_bits()),
    }
}

fn put_presence(slots: &[Slot], out: &mut Vec<u8>) {
    for eight in slots.chunks(8) {
        let bit = |(at, slot): (usize, &Slot)| u8::from(slot.present) << at;
        out.push(eight.iter().enumerate().map(bit).sum());
    }
}

/// Values of the last record that was read.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) values: Vec<f64>,
    pub(super) present: Vec<bool>,
}

impl State {
    /// Reads what [`put`] wrote. `follows` tells the same of each value as [`Slot::follows`] did.
    pub(super) fn read(
        &mut self,
        from: &mut Reader<'_>,
        flag: bool,
        opens: bool,
        follows: &impl Fn(usize) -> bool,
    ) -> Option<()> {
        if let [value] = &mut self.values[..] {
            *value = read_value(*value, flag, 0, from)?;
            return Some(());
        }
        self.read_presence(from, flag)?;
        let mut like = 0;
        let mut skip = None;
        for at in (0..self.values.len()).filter(|at| opens || self.present[*at]) {
            let (left, bits) = match skip {
                Some(token) => token,
                None => read_token(from)?,
            };
            let expected = if follows(at) { like } else { 0 };
            let before = self.values[at];
            if left > 0 {
                skip = Some((left - 1, bits));
                self.values[at] = predicted(before, expected);
                continue;
            }
            skip = None;
            self.values[at] = read_value(before, bits, expected, from)?;
            if let (Some(step), true) = (step(before, self.values[at]), follows(at)) {
                like = step;
            }
        }
        Some(())
    }

    fn read_presence(&mut self, from: &mut Reader<'_>, flag: bool) -> Option<()> {
        if !flag {
            self.present.fill(true);
            return Some(());
        }
        for eight in self.present.chunks_mut(8) {
            let bits = from.byte()?;
            for (at, present) in eight.iter_mut().enumerate() {
                *present = bits >> at & 1 == 1;
            }
        }
        Some(())
    }
}

fn read_token(from: &mut Reader<'_>) -> Option<(u64, bool)> {
    let token = from.varint()?;
    Some((token >> 1, token & 1 == 1))
}

fn read_value(before: f64, bits: bool, expected: i64, from: &mut Reader<'_>) -> Option<f64> {
    if bits {
        return Some(f64::from_bits(before.to_bits() ^ from.bits()?));
    }
    let step = from.signed()? + expected;
    Some((whole(before)? + step) as f64)
}

/// What a value is if it rises as expected.
fn predicted(before: f64, step: i64) -> f64 {
    match whole(before).filter(|_| step != 0) {
        Some(before) => (before + step) as f64,
        None => before,
    }
}

/// The difference of two whole numbers.
fn step(before: f64, value: f64) -> Option<i64> {
    Some(whole(value)? - whole(before)?)
}

#[expect(clippy::cast_possible_truncation, reason = "it is checked")]
fn whole(value: f64) -> Option<i64> {
    let fits = value.abs() <= MAX_WHOLE;
    let whole = value as i64;
    (fits && (whole as f64).to_bits() == value.to_bits()).then_some(whole)
}
