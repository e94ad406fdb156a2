//! Watching over a running phase: time, stop signals, progress.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::http::{Clock, MonoNs};

use super::cost::ThreadUse;
use super::error::LoadError;
use super::phase::Phase;
use super::progress::{Progress, Totals};
use super::run::EndReason;
use super::stop::Stop;
use super::thread::{Finished, LoadThread};

/// How often progress is reported and stop signals are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How often failures are counted, where they can end the phase.
const FAILURE_TICK: Duration = Duration::from_millis(10);
/// How often the last requests are looked for: the end of sending must not be noticed late.
const CLOSE_TICK: Duration = Duration::from_millis(5);

/// How the supervision of a phase ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) reason: EndReason,
    /// Requests in flight when sending was stopped early.
    pub(super) in_flight: u64,
    pub(super) threads: Vec<ThreadUse>,
}

/// Watches over a running phase: time, stop signals, progress.
pub(super) struct Supervision<'a> {
    phase: &'a Phase,
    grace_period: Duration,
    clock: &'a Clock,
    reason: EndReason,
    in_flight: u64,
    /// When sending was stopped before all requests were sent.
    stopped_at: Option<MonoNs>,
    reported: Totals,
    /// When progress was last reported, and whether more was to be sent then.
    reported_at: MonoNs,
    sending: bool,
}

impl<'a> Supervision<'a> {
    pub(super) fn new(phase: &'a Phase, grace_period: Duration, clock: &'a Clock) -> Self {
        Self {
            phase,
            grace_period,
            clock,
            reason: EndReason::Completed,
            in_flight: 0,
            stopped_at: None,
            reported: Totals::default(),
            reported_at: phase.start,
            sending: true,
        }
    }

    /// Returns when all threads have done their part.
    pub(super) fn run(
        mut self,
        finished: &mpsc::Receiver<Finished>,
        threads: &[LoadThread],
        on_progress: &mut dyn FnMut(&Progress),
    ) -> Result<Ended, LoadError> {
        let mut used = vec![ThreadUse::default(); threads.len()];
        let mut left = threads.len();
        while left > 0 {
            match finished.recv_timeout(self.until_next_event()) {
                Ok(Finished {
                    thread,
                    used: by_thread,
                }) => {
                    used[thread] = by_thread;
                    left -= 1;
                }
                Err(RecvTimeoutError::Disconnected) => return Err(LoadError::ThreadDied),
                Err(RecvTimeoutError::Timeout) => {
                    // A thread that has just finished its part is still alive: it waits for more.
                    if threads.iter().any(LoadThread::has_ended) {
                        self.phase.halt(Stop::Abort);
                        return Err(LoadError::ThreadDied);
                    }
                    self.tick();
                    self.report(on_progress);
                }
            }
        }
        self.notice_stop();
        on_progress(&self.progress());
        Ok(Ended {
            reason: self.reason,
            in_flight: self.in_flight,
            threads: used,
        })
    }

    /// Time until the next progress report, or the deadline, or the end of the grace period.
    fn until_next_event(&self) -> Duration {
        let now = self.clock.now();
        let event = match self.stopped_at {
            None => self.phase.deadline,
            Some(stopped_at) => Some(stopped_at.after(self.grace_period)),
        };
        let tick = self.until_last_request(now).unwrap_or(TICK);
        let minds = self.phase.stop.minds_failures() && self.sending;
        let tick = if minds { tick.min(FAILURE_TICK) } else { tick };
        // At least a moment, so that an event in the past does not make this a busy loop.
        event.map_or(tick, |event| {
            event.until(now).clamp(Duration::from_millis(1), tick)
        })
    }

    fn sent(&self) -> u64 {
        Totals::of(&self.phase.counters).progress.sent
    }

    /// Half the time in which the last request will be sent, if it goes on as so far.
    fn until_last_request(&self, now: MonoNs) -> Option<Duration> {
        let sent = self.sent();
        let left = self.phase.left(sent).filter(|_| self.sending)?;
        let each = now.until(self.phase.start).as_secs_f64() / sent.max(1) as f64;
        let half = Duration::try_from_secs_f64(each * left as f64 / 2.0).ok()?;
        Some(half.clamp(CLOSE_TICK, TICK))
    }

    /// Reports progress when it is time, and at once when nothing more is to be sent.
    fn report(&mut self, on_progress: &mut dyn FnMut(&Progress)) {
        let now = self.clock.now();
        let sending = self.stopped_at.is_none() && self.phase.left(self.sent()) != Some(0);
        if sending == self.sending && now < self.reported_at.after(TICK) {
            return;
        }
        (self.sending, self.reported_at) = (sending, now);
        on_progress(&self.progress());
    }

    fn tick(&mut self) {
        self.notice_stop();
        let grace_over = self
            .stopped_at
            .is_some_and(|stopped_at| self.clock.now() >= stopped_at.after(self.grace_period));
        if grace_over || self.phase.stop_requested() == Stop::Abort {
            self.phase.halt(Stop::Abort);
        }
    }

    /// Notes the moment from which nothing more is sent.
    fn notice_stop(&mut self) {
        if self.stopped_at.is_some() {
            return;
        }
        let now = self.clock.now();
        let totals = Totals::of(&self.phase.counters);
        let Progress { ok, failed, .. } = totals.progress;
        let reason = if self.phase.stop_requested() != Stop::Run {
            EndReason::Interrupted
        } else if self.phase.deadline.is_some_and(|deadline| now >= deadline) {
            EndReason::Duration
        } else if self.phase.stop.has_too_many(failed, ok + failed) {
            EndReason::TooManyErrors
        } else {
            return;
        };
        self.in_flight = totals.progress.in_flight();
        self.reason = reason;
        self.stopped_at = Some(now);
        self.phase.halt(Stop::Drain);
    }

    fn progress(&mut self) -> Progress {
        let totals = Totals::of(&self.phase.counters);
        let recent_ttft = totals.ttft_since(&self.reported);
        self.reported = totals;
        Progress {
            phase: self.phase.index,
            sending: self.sending,
            elapsed: self.clock.now().until(self.phase.start),
            recent_ttft,
            ..totals.progress
        }
    }
}
