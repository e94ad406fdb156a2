//! What the phases of a chain share: wishes to end them, and which have begun.

use tokio::sync::watch;

use crate::load::stop::{Stop, StopSignal};

/// Phases that take over from each other while requests are running.
#[derive(Debug)]
pub(in super::super) struct Chain {
    /// What is wanted, for those who look.
    stop: StopSignal,
    /// The same, for those who wait.
    stops: watch::Sender<Stop>,
    /// How many phases have begun.
    begun: watch::Sender<usize>,
}

impl Chain {
    pub(in super::super) fn new() -> Self {
        Self {
            stop: StopSignal::new(),
            stops: watch::Sender::new(Stop::Run),
            begun: watch::Sender::new(0),
        }
    }

    /// Ends waiting slots, and with [`Stop::Abort`] what is in flight. It only becomes more urgent.
    pub(in super::super) fn request(&self, stop: Stop) {
        self.stop.request(stop);
        self.stops.send_if_modified(|told| {
            let is_more = stop > *told;
            *told = stop.max(*told);
            is_more
        });
    }

    /// What is asked for now.
    pub(in super::super) fn stop(&self) -> Stop {
        self.stop.state()
    }

    /// Tells when more is asked for.
    pub(in super::super) fn stops(&self) -> watch::Receiver<Stop> {
        self.stops.subscribe()
    }

    /// One more phase has begun.
    pub(super) fn note_begin(&self) {
        self.begun.send_modify(|begun| *begun += 1);
    }

    /// Tells how many phases have begun.
    pub(in super::super) fn begun(&self) -> watch::Receiver<usize> {
        self.begun.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_to_stop_only_becomes_more_urgent() {
        let chain = Chain::new();
        let told = chain.stops();
        chain.request(Stop::Abort);
        chain.request(Stop::Drain);
        assert_eq!((chain.stop(), *told.borrow()), (Stop::Abort, Stop::Abort));
    }
}
