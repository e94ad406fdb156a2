//! How far a phase has come.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::http::{Connection, MonoNs, Stamps};

use super::record::{Outcome, RequestRecord};

/// The state of a running phase, for display.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Index of the phase.
    pub phase: usize,
    /// Since the phase began.
    pub elapsed: Duration,
    /// False once nothing more will be sent: the phase ends with what is in flight.
    pub sending: bool,
    /// Requests begun.
    pub sent: u64,
    /// Requests that ended well.
    pub ok: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests that were cancelled.
    pub cancelled: u64,
    /// Chunks with text that have arrived.
    pub chunks: u64,
    /// Mean time to first token of the requests whose first token came since the last report.
    pub recent_ttft: Option<Duration>,
    /// Mean latency of the requests that ended well since the last report.
    pub recent_latency: Option<Duration>,
}

impl Progress {
    /// Requests that have begun and not ended.
    pub fn in_flight(&self) -> u64 {
        self.sent
            .saturating_sub(self.ok + self.failed + self.cancelled)
    }
}

/// What one load thread has done in a phase. Written by that thread alone, read by the supervisor:
/// aligned so that threads do not share cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Counters {
    sent: AtomicU64,
    ok: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    chunks: AtomicU64,
    first_tokens: AtomicU64,
    ttft_ns: AtomicU64,
    latency_ns: AtomicU64,
    kernel_reads: AtomicU64,
    user_reads: AtomicU64,
    http1: AtomicU64,
    http2: AtomicU64,
    first_send: AtomicI64,
    last_response: AtomicI64,
}

impl Counters {
    pub(super) fn request_begun(&self) {
        add(&self.sent, 1);
    }

    pub(super) fn chunk(&self) {
        add(&self.chunks, 1);
    }

    pub(super) fn first_token(&self, ttft_ns: i64) {
        add(&self.first_tokens, 1);
        add(&self.ttft_ns, u64::try_from(ttft_ns).unwrap_or(0));
    }

    /// A request was answered over this connection.
    pub(super) fn answered(&self, connection: &Connection) {
        let version = if connection.is_http2() {
            &self.http2
        } else {
            &self.http1
        };
        add(version, 1);
    }

    pub(super) fn request_ended(&self, record: &RequestRecord, stamps: Option<&Stamps>) {
        add(
            match record.outcome {
                Outcome::Ok => &self.ok,
                Outcome::Failed(_) => &self.failed,
                Outcome::Cancelled => &self.cancelled,
            },
            1,
        );
        if let (Outcome::Ok, Some(start)) = (record.outcome, record.start) {
            let latency = record.end.since(start);
            add(&self.latency_ns, u64::try_from(latency).unwrap_or(0));
        }
        if let Some(start) = record.start {
            let first = self.first_send.load(Relaxed);
            let earlier = if first == 0 {
                start.0
            } else {
                first.min(start.0)
            };
            self.first_send.store(earlier, Relaxed);
        }
        if record.outcome != Outcome::Cancelled && record.status.is_some() {
            let last = self.last_response.load(Relaxed).max(record.end.0);
            self.last_response.store(last, Relaxed);
        }
        if let Some((kernel, user)) = stamps.map(Stamps::reads_by_clock) {
            add(&self.kernel_reads, kernel);
            add(&self.user_reads, user);
        }
    }
}

/// Adds without a locked instruction: there is one writer.
fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Relaxed) + amount, Relaxed);
}

/// The counters of all threads added up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) progress: Progress,
    pub(super) first_tokens: u64,
    pub(super) ttft_ns: u64,
    pub(super) latency_ns: u64,
    pub(super) kernel_reads: u64,
    pub(super) user_reads: u64,
    pub(super) http1: u64,
    pub(super) http2: u64,
    pub(super) first_send: Option<MonoNs>,
    pub(super) last_response: Option<MonoNs>,
}

impl Totals {
    pub(super) fn of(threads: &[Counters]) -> Self {
        let sum = |counter: fn(&Counters) -> &AtomicU64| {
            threads
                .iter()
                .map(|thread| counter(thread).load(Relaxed))
                .sum()
        };
        let stamps = |stamp: fn(&Counters) -> &AtomicI64| {
            threads
                .iter()
                .map(move |thread| stamp(thread).load(Relaxed))
                .filter(|&at| at != 0)
        };
        Self {
            progress: Progress {
                // Before the ends of requests, so that none seems to end before it began.
                ok: sum(|thread| &thread.ok),
                failed: sum(|thread| &thread.failed),
                cancelled: sum(|thread| &thread.cancelled),
                sent: sum(|thread| &thread.sent),
                chunks: sum(|thread| &thread.chunks),
                ..Progress::default()
            },
            first_tokens: sum(|thread| &thread.first_tokens),
            ttft_ns: sum(|thread| &thread.ttft_ns),
            latency_ns: sum(|thread| &thread.latency_ns),
            kernel_reads: sum(|thread| &thread.kernel_reads),
            user_reads: sum(|thread| &thread.user_reads),
            http1: sum(|thread| &thread.http1),
            http2: sum(|thread| &thread.http2),
            first_send: stamps(|thread| &thread.first_send).min().map(MonoNs),
            last_response: stamps(|thread| &thread.last_response).max().map(MonoNs),
        }
    }

    /// Mean time to first token since `earlier`.
    pub(super) fn ttft_since(&self, earlier: &Self) -> Option<Duration> {
        let n = self.first_tokens - earlier.first_tokens;
        (self.ttft_ns - earlier.ttft_ns)
            .checked_div(n)
            .map(Duration::from_nanos)
    }

    /// Mean latency since `earlier`, of requests that ended well.
    pub(super) fn latency_since(&self, earlier: &Self) -> Option<Duration> {
        let n = self.progress.ok.saturating_sub(earlier.progress.ok);
        let ns = self.latency_ns.saturating_sub(earlier.latency_ns);
        ns.checked_div(n).map(Duration::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(outcome: Outcome, start: i64, end: i64) -> RequestRecord {
        let mut record = RequestRecord::new(0);
        record.outcome = outcome;
        record.start = Some(MonoNs(start));
        record.end = MonoNs(end);
        record.status = Some(200);
        record
    }

    #[test]
    fn threads_are_added_up() {
        let threads = [Counters::default(), Counters::default()];
        threads.iter().for_each(Counters::request_begun);
        threads[0].request_begun();
        threads[0].request_ended(&ended(Outcome::Ok, 100, 500), None);
        threads[1].request_ended(&ended(Outcome::Cancelled, 50, 900), None);
        let totals = Totals::of(&threads);
        assert_eq!((totals.progress.sent, totals.progress.in_flight()), (3, 1));
        assert_eq!(totals.first_send, Some(MonoNs(50)));
        assert_eq!(
            totals.last_response,
            Some(MonoNs(500)),
            "a cancelled request has no response"
        );
    }

    #[test]
    fn the_recent_ttft_is_that_since_the_last_report() {
        let threads = [Counters::default()];
        threads[0].first_token(100);
        let before = Totals::of(&threads);
        assert_eq!(before.ttft_since(&before), None);
        threads[0].first_token(300);
        threads[0].first_token(500);
        let recent = Totals::of(&threads).ttft_since(&before);
        assert_eq!(recent, Some(Duration::from_nanos(400)));
    }

    #[test]
    fn the_recent_latency_is_that_of_good_requests() {
        let threads = [Counters::default()];
        threads[0].request_ended(&ended(Outcome::Ok, 100, 500), None);
        let before = Totals::of(&threads);
        assert_eq!(before.latency_since(&before), None);
        threads[0].request_ended(&ended(Outcome::Cancelled, 100, 9_000), None);
        threads[0].request_ended(&ended(Outcome::Ok, 500, 700), None);
        let recent = Totals::of(&threads).latency_since(&before);
        assert_eq!(recent, Some(Duration::from_nanos(200)));
    }
}
