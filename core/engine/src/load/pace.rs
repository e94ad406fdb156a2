//! The thread that hands out requests that are due at moments of their own.
//!
//! Timers of the load threads' runtimes are a millisecond coarse, and a load thread that is busy is
//! late. This thread does nothing else, and its sleep ends within some ten microseconds.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::http::{Clock, MonoNs};

use super::error::LoadError;
use super::phase::{Phase, Ticket};

/// The longest sleep: how late a wish to stop is noticed.
const NAP: Duration = Duration::from_millis(20);

/// Hands out the requests of a phase.
pub(super) struct Pacer {
    pub(super) phase: Arc<Phase>,
    pub(super) clock: Clock,
    /// One a load thread.
    pub(super) queues: Vec<UnboundedSender<Ticket>>,
}

impl Pacer {
    /// Starts the thread. It ends when the phase sends nothing more, and the queues with it.
    pub(super) fn spawn(self) -> Result<JoinHandle<()>, LoadError> {
        std::thread::Builder::new()
            .name("pace".to_owned())
            .spawn(move || self.run())
            .map_err(LoadError::Thread)
    }

    fn run(&self) {
        precise_sleep();
        let mut given = vec![0_u64; self.queues.len()];
        // What is due while another one waits for room waits as well.
        let mut full_until = self.phase.start;
        while let Some(ticket) = self.phase.draw(self.clock.now(), self.phase.start) {
            let sent = self.wait_until(ticket.intended).then(|| {
                let (thread, waited_until) = self.wait_for_room(&given)?;
                given[thread] += 1;
                full_until = waited_until.unwrap_or(full_until);
                let released = Some(full_until.max(ticket.intended));
                let ticket = Ticket { released, ..ticket };
                self.queues[thread].send(ticket).ok()
            });
            if sent.flatten().is_none() {
                break;
            }
        }
    }

    /// False if the phase is over before.
    fn wait_until(&self, due: MonoNs) -> bool {
        loop {
            let now = self.clock.now();
            if self.phase.is_over(now) {
                return false;
            }
            let left = due.until(now);
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(NAP));
        }
    }

    /// The load thread with the fewest requests, as soon as there may be one more; and when that was, if
    /// it was not at once. `None` if the phase is over before.
    fn wait_for_room(&self, given: &[u64]) -> Option<(usize, Option<MonoNs>)> {
        let loads = || self.phase.loads(given);
        let is_there = || loads().sum::<u64>() < self.phase.most_in_flight;
        let mut waited_until = None;
        while !is_there() {
            if self.phase.is_over(self.clock.now()) {
                return None;
            }
            self.phase.room.wait(NAP, is_there);
            waited_until = Some(self.clock.now());
        }
        let (thread, _) = loads().enumerate().min_by_key(|(_, load)| *load)?;
        Some((thread, waited_until))
    }
}

/// Sleeps of this thread end when they should, not up to 50 microseconds later.
fn precise_sleep() {
    #[cfg(target_os = "linux")]
    // Where it is not allowed, sleeps are a little longer, which the lateness in the report shows.
    nix::sys::prctl::set_timerslack(1).ok();
}
