//! What takes time is spread over the slices that it takes.

use super::Requests;
use crate::http::MonoNs;
use crate::load::RequestRow;
use crate::report::cuts::Cuts;
use crate::report::request::{gap_ms, ms};

/// Spreads the output tokens over the slices by the chunks that came in each.
pub(super) fn add_chunks(
    row: &RequestRow<'_>,
    first: MonoNs,
    output: f64,
    slices: &mut [Requests],
    cuts: Cuts,
) {
    let (mut at, mut slot, mut chunks) = (first.0, cuts.index_of(first.0), 1.0);
    let all = f64::from(row.chunks.max(1));
    for (nth, gap) in row.gaps.clone().enumerate() {
        at = at.saturating_add_unsigned(gap);
        let next = cuts.index_of(at);
        if next != slot {
            slices[slot].tokens += output * chunks / all;
            (slot, chunks) = (next, 0.0);
        }
        chunks += 1.0;
        let gap_ms = gap_ms(gap);
        slices[slot].gaps_ms.push(gap_ms);
        if nth == 0 {
            slices[slot].details.second_token(gap_ms);
        }
    }
    slices[slot].tokens += output * chunks / all;
}

/// Spreads the time in flight over the slices.
pub(super) fn add_busy(start: MonoNs, last: MonoNs, slices: &mut [Requests], cuts: Cuts) {
    let (first_slot, last_slot) = (cuts.index_of(start.0), cuts.index_of(last.0));
    for (slot, slice) in (first_slot..=last_slot).zip(&mut slices[first_slot..=last_slot]) {
        let (begin, end) = cuts.bounds(slot);
        let begin = if slot == first_slot { start.0 } else { begin };
        let end = if slot == last_slot { last.0 } else { end };
        slice.busy_ms += ms(end - begin);
    }
}
