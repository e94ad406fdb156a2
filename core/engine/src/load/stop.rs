//! How a run is told to end early.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// How urgently the load is to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stop {
    /// Not at all.
    #[default]
    Run = 0,
    /// Send nothing new; requests in flight may finish within the phase's grace period.
    Drain = 1,
    /// Cancel what is in flight.
    Abort = 2,
}

/// A shared request to stop. It only ever becomes more urgent. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct StopSignal {
    state: Arc<AtomicU8>,
}

impl StopSignal {
    /// A signal that lets everything run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a stop; a weaker wish than one already made has no effect.
    pub fn request(&self, stop: Stop) {
        self.state.fetch_max(stop as u8, Relaxed);
    }

    /// What is asked for now.
    pub fn state(&self) -> Stop {
        match self.state.load(Relaxed) {
            0 => Stop::Run,
            1 => Stop::Drain,
            _ => Stop::Abort,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_only_becomes_more_urgent() {
        let signal = StopSignal::new();
        let shared = signal.clone();
        assert_eq!(signal.state(), Stop::Run);
        shared.request(Stop::Abort);
        shared.request(Stop::Drain);
        assert_eq!(signal.state(), Stop::Abort);
    }
}
