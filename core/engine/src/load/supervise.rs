//! Watching over running phases: time, stop signals, progress.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::http::{Clock, MonoNs};

use super::cost::ThreadUse;
use super::error::LoadError;
use super::phase::Phase;
use super::progress::{Progress, Totals};
use super::run::EndReason;
use super::stop::Stop;
use super::thread::{LoadThread, Notice};

/// How often progress is reported and stop signals are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How often failures are counted, where they can end the phase.
const FAILURE_TICK: Duration = Duration::from_millis(10);
/// How often the last requests are looked for: the end of sending must not be noticed late.
const CLOSE_TICK: Duration = Duration::from_millis(5);

/// What is told while phases run.
#[derive(Clone, Copy, Debug)]
pub enum LoadEvent {
    /// How far a phase has come; about ten times a second, and once at the end.
    Progress(Progress),
    /// A phase takes over while requests of the one before are running.
    TookOver {
        /// Index of the phase.
        phase: usize,
        /// From when on requests belong to it.
        at: MonoNs,
        /// Requests of the phase before that are running.
        in_flight: u64,
    },
}

/// How a phase ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) reason: EndReason,
    /// Requests in flight when sending was stopped early, or another phase took over.
    pub(super) in_flight: u64,
}

/// Watches over a running chain of phases: time, stop signals, progress.
pub(super) struct Supervision<'a> {
    chain: &'a [Arc<Phase>],
    /// Grace periods of the phases.
    grace_periods: Vec<Duration>,
    clock: &'a Clock,
    /// Phases that others have taken over from.
    ended: Vec<Ended>,
    current: Ended,
    /// When sending was stopped before all requests were sent.
    stopped_at: Option<MonoNs>,
    reported: Totals,
    /// When progress was last reported, and whether more was to be sent then.
    reported_at: MonoNs,
    sending: bool,
}

/// Of a phase that went on to its end.
const COMPLETED: Ended = Ended {
    reason: EndReason::Completed,
    in_flight: 0,
};

impl<'a> Supervision<'a> {
    /// The first phase of the chain has begun.
    pub(super) fn new(
        chain: &'a [Arc<Phase>],
        grace_periods: Vec<Duration>,
        clock: &'a Clock,
    ) -> Self {
        Self {
            chain,
            grace_periods,
            clock,
            ended: Vec::new(),
            current: COMPLETED,
            stopped_at: None,
            reported: Totals::default(),
            reported_at: clock.now(),
            sending: true,
        }
    }

    /// Returns when all threads have done their part: how each phase that had begun ended, and what
    /// the threads used.
    pub(super) fn run(
        mut self,
        notices: &mpsc::Receiver<Notice>,
        threads: &[LoadThread],
        on_event: &mut dyn FnMut(LoadEvent),
    ) -> Result<(Vec<Ended>, Vec<ThreadUse>), LoadError> {
        let mut all_used = vec![ThreadUse::default(); threads.len()];
        let mut left = threads.len();
        while left > 0 {
            match notices.recv_timeout(self.until_next_event()) {
                Ok(Notice::Finished { thread, used }) => {
                    all_used[thread] = used;
                    left -= 1;
                }
                Ok(Notice::Begun) => self.take_over(on_event),
                Err(RecvTimeoutError::Disconnected) => return Err(LoadError::ThreadDied),
                Err(RecvTimeoutError::Timeout) => {
                    // A thread that has just finished its part is still alive: it waits for more.
                    if threads.iter().any(LoadThread::has_ended) {
                        self.phase().chain.request(Stop::Abort);
                        return Err(LoadError::ThreadDied);
                    }
                    self.tick(on_event);
                    self.report(on_event);
                }
            }
        }
        self.take_over(on_event);
        self.notice_stop();
        on_event(LoadEvent::Progress(self.progress()));
        self.ended.push(self.current);
        Ok((self.ended, all_used))
    }

    /// The phase that sends.
    fn phase(&self) -> &'a Phase {
        &self.chain[self.ended.len()]
    }

    /// When the next phase begins, if that is known.
    fn next_start(&self) -> Option<MonoNs> {
        self.chain.get(self.ended.len() + 1)?.start()
    }

    fn start(&self) -> MonoNs {
        self.phase().start().unwrap_or_default()
    }

    /// Goes on to the next phase if that has begun.
    fn take_over(&mut self, on_event: &mut dyn FnMut(LoadEvent)) {
        let now = self.clock.now();
        let Some(at) = self.next_start().filter(|at| *at <= now) else {
            return;
        };
        let before = self.phase();
        let by_time = before.over().is_some() && before.over() == before.deadline();
        let ended = Ended {
            reason: if by_time {
                EndReason::Duration
            } else {
                EndReason::Completed
            },
            in_flight: Totals::of(&before.counters).progress.in_flight(),
        };
        on_event(LoadEvent::Progress(self.progress()));
        self.ended.push(ended);
        (self.reported, self.reported_at, self.sending) = (Totals::default(), now, true);
        on_event(LoadEvent::TookOver {
            phase: self.phase().index,
            at,
            in_flight: ended.in_flight,
        });
    }

    /// Time until the next progress report, or the deadline, or the end of the grace period.
    fn until_next_event(&self) -> Duration {
        let now = self.clock.now();
        let event = match self.stopped_at {
            None => self.next_start().or(self.phase().deadline()),
            Some(stopped_at) => Some(stopped_at.after(self.grace_period())),
        };
        let tick = self.until_last_request(now).unwrap_or(TICK);
        let minds = self.phase().stop.minds_failures() && self.sending;
        let tick = if minds { tick.min(FAILURE_TICK) } else { tick };
        // At least a moment, so that an event in the past does not make this a busy loop.
        event.map_or(tick, |event| {
            event.until(now).clamp(Duration::from_millis(1), tick)
        })
    }

    fn sent(&self) -> u64 {
        Totals::of(&self.phase().counters).progress.sent
    }

    /// Half the time in which the last request will be sent, if it goes on as so far.
    fn until_last_request(&self, now: MonoNs) -> Option<Duration> {
        let sent = self.sent();
        let left = self.phase().left(sent).filter(|_| self.sending)?;
        let each = now.until(self.start()).as_secs_f64() / sent.max(1) as f64;
        let half = Duration::try_from_secs_f64(each * left as f64 / 2.0).ok()?;
        Some(half.clamp(CLOSE_TICK, TICK))
    }

    /// Reports progress when it is time, and at once when nothing more is to be sent.
    fn report(&mut self, on_event: &mut dyn FnMut(LoadEvent)) {
        let now = self.clock.now();
        let sending = self.stopped_at.is_none() && self.phase().left(self.sent()) != Some(0);
        if sending == self.sending && now < self.reported_at.after(TICK) {
            return;
        }
        (self.sending, self.reported_at) = (sending, now);
        on_event(LoadEvent::Progress(self.progress()));
    }

    fn grace_period(&self) -> Duration {
        let known = self.grace_periods.get(self.ended.len());
        known.copied().unwrap_or_default()
    }

    fn tick(&mut self, on_event: &mut dyn FnMut(LoadEvent)) {
        self.take_over(on_event);
        self.notice_stop();
        let grace_over = self
            .stopped_at
            .is_some_and(|stopped_at| self.clock.now() >= stopped_at.after(self.grace_period()));
        if grace_over || self.phase().stop_requested() == Stop::Abort {
            self.phase().chain.request(Stop::Abort);
        }
    }

    /// Notes the moment from which nothing more is sent.
    fn notice_stop(&mut self) {
        if self.stopped_at.is_some() {
            return;
        }
        let now = self.clock.now();
        let totals = Totals::of(&self.phase().counters);
        let Progress { ok, failed, .. } = totals.progress;
        let reason = if self.phase().stop_requested() != Stop::Run {
            EndReason::Interrupted
        } else if self.phase().is_late(now) && self.is_last() {
            EndReason::Duration
        } else if self.phase().stop.has_too_many(failed, ok + failed) {
            EndReason::TooManyErrors
        } else {
            return;
        };
        self.current = Ended {
            reason,
            in_flight: totals.progress.in_flight(),
        };
        self.stopped_at = Some(now);
        self.phase().chain.request(Stop::Drain);
    }

    /// Whether no other phase takes over when this one is over.
    fn is_last(&self) -> bool {
        self.ended.len() + 1 == self.chain.len()
    }

    fn progress(&mut self) -> Progress {
        let totals = Totals::of(&self.phase().counters);
        let recent_ttft = totals.ttft_since(&self.reported);
        let recent_latency = totals.latency_since(&self.reported);
        self.reported = totals;
        Progress {
            phase: self.phase().index,
            sending: self.sending,
            elapsed: self.clock.now().until(self.start()),
            recent_ttft,
            recent_latency,
            ..totals.progress
        }
    }
}
