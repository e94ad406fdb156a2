//! Requests at moments that are given.

use std::sync::Arc;
use std::time::Duration;

use super::{Arrival, Next};
use crate::http::MonoNs;

/// One request at each of these moments, in their order.
#[derive(Debug)]
pub(super) struct Schedule {
    start: MonoNs,
    moments: Arc<[Duration]>,
    drawn: usize,
}

impl Schedule {
    pub(super) fn new(moments: &Arc<[Duration]>, start: MonoNs) -> Self {
        Self {
            start,
            moments: Arc::clone(moments),
            drawn: 0,
        }
    }
}

impl Arrival for Schedule {
    fn next(&mut self, _free_since: MonoNs) -> Next {
        let moment = self.moments.get(self.drawn).copied();
        self.drawn += 1;
        moment.map_or(Next::Stop, |moment| Next::At(self.start.after(moment)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_count_from_the_start_and_end() {
        let moments = [0, 0, 5].map(Duration::from_nanos);
        let mut schedule = Schedule::new(&Arc::from(moments), MonoNs(7));
        let mut next = || schedule.next(MonoNs(99));
        let expected = [7, 7, 12].map(|at| Next::At(MonoNs(at)));
        assert_eq!([next(), next(), next()], expected);
        assert_eq!([next(), next()], [Next::Stop; 2]);
    }
}
