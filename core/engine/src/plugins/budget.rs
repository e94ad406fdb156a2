//! How much of one instance is told: a plugin in trouble says the same thing without end.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::http::MonoNs;

/// Lets a number of things through a second, and counts the others.
#[derive(Debug)]
pub(crate) struct Budget {
    per_second: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the current second began.
    since: Option<MonoNs>,
    spent: u32,
    /// Held back since the last thing that went through.
    held_back: u64,
}

impl Budget {
    /// Lets `per_second` things through a second.
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            per_second,
            state: Mutex::default(),
        }
    }

    /// Whether one more goes through at `now`: then how many were held back before it.
    pub(crate) fn take(&self, now: MonoNs) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |since: MonoNs| now >= since.after(Duration::from_secs(1));
        if state.since.is_none_or(is_over) {
            state.since = Some(now);
            state.spent = 0;
        }
        if state.spent >= self.per_second {
            state.held_back += 1;
            return None;
        }
        state.spent += 1;
        Some(std::mem::take(&mut state.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted_and_told_later() {
        let budget = Budget::new(2);
        let at = |ms| MonoNs(0).after(Duration::from_millis(ms));
        let taken = [0, 1, 2, 999, 1000, 1001, 1999, 5000].map(|ms| budget.take(at(ms)));
        let expected = [
            Some(0),
            Some(0),
            None,
            None,
            Some(2),
            Some(0),
            None,
            Some(1),
        ];
        assert_eq!(taken, expected);
    }
}
