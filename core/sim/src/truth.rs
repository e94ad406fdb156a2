//! What really happened, as the server knows it.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::SimError;
use crate::receive::Arrival;

/// How an inference request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All tokens were sent; `finish_reason` "length".
    Length,
    /// All tokens were sent; `finish_reason` "stop".
    Stop,
    /// The client hung up first.
    Cancelled,
    /// The server broke off first: [`cut_every`](crate::Faults::cut_every) and its like, or the
    /// server was stopped.
    Cut,
    /// Answered with an error status, no token generated.
    Rejected,
}

impl Outcome {
    /// Whether the client got the whole answer.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Length | Self::Stop)
    }
}

/// One finished inference request.
///
/// # Units
/// Times are nanoseconds of `CLOCK_MONOTONIC`, 0 where the moment never came.
#[derive(Debug, Clone, Serialize)]
pub struct RequestTruth {
    /// Number of the request in order of arrival, from 1. The last 16 hexadecimal digits of the
    /// answer's `id` spell it.
    pub seq: u64,
    /// The request's `x-request-id` header, if it had one.
    pub x_request_id: Option<String>,
    /// When the kernel received the end of the request; see `kernel_time`.
    pub arrival_ns: i64,
    /// Whether `arrival_ns` is the kernel's time; if not, it was taken after the read.
    pub kernel_time: bool,
    /// When the request got a slot.
    pub start_ns: i64,
    /// When the first token was handed to the socket; for an answer that is not streamed, when it
    /// was generated.
    pub first_token_ns: i64,
    /// When each token was handed to the socket, or generated.
    pub token_ns: Vec<i64>,
    /// When the request ended.
    pub end_ns: i64,
    /// Prompt length: its whitespace-separated words.
    pub prompt_tokens: u32,
    /// Tokens generated.
    pub completion_tokens: u32,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// HTTP status.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
}

impl RequestTruth {
    /// A request answered with an error status at `now`.
    pub(crate) fn rejected(
        seq: u64,
        status: u16,
        arrival: Arrival,
        now: i64,
        x_request_id: Option<String>,
    ) -> Self {
        Self {
            seq,
            x_request_id,
            arrival_ns: arrival.at,
            kernel_time: arrival.by_kernel,
            start_ns: 0,
            first_token_ns: 0,
            token_ns: Vec::new(),
            end_ns: now,
            prompt_tokens: 0,
            completion_tokens: 0,
            stream: false,
            status,
            outcome: Outcome::Rejected,
        }
    }
}

/// Sums over the requests of a server's life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Inference requests that have ended, in whichever way.
    pub finished: u64,
    /// Those whose answer was complete.
    pub completed: u64,
    /// Those whose client hung up.
    pub cancelled: u64,
    /// Those that the server cut short.
    pub cut: u64,
    /// Those answered with an error status.
    pub rejected: u64,
    /// Prompt tokens of complete answers.
    pub prompt_tokens: u64,
    /// Completion tokens of complete answers.
    pub completion_tokens: u64,
    /// Tokens generated for answers that did not complete.
    pub lost_tokens: u64,
    /// Scrapes of any metrics page.
    pub scrapes: u64,
    /// Connections accepted.
    pub connections: u64,
}

/// A snapshot of what happened so far.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// Finished requests by number, at most [`truth_limit`](crate::SimConfig::truth_limit).
    pub requests: Vec<Arc<RequestTruth>>,
    /// Sums over all finished requests.
    pub totals: Totals,
}

#[derive(Debug, Default)]
struct Record {
    truth: Truth,
    waiters: usize,
}

/// Collects the truth of all event loops.
#[derive(Debug)]
pub(crate) struct TruthLog {
    limit: usize,
    record: Mutex<Record>,
    changed: Condvar,
    file: Option<Mutex<BufWriter<File>>>,
}

impl TruthLog {
    pub(crate) fn open(path: Option<&Path>, limit: usize) -> Result<Self, SimError> {
        let create = |path: &Path| {
            File::create(path)
                .map(|file| Mutex::new(BufWriter::new(file)))
                .map_err(|source| SimError::TruthLog {
                    path: path.to_owned(),
                    source,
                })
        };
        Ok(Self {
            limit,
            record: Mutex::default(),
            changed: Condvar::new(),
            file: path.map(create).transpose()?,
        })
    }

    /// Adds a finished request. Callers do this before the last byte of the answer leaves, so that
    /// a client that has its answer finds it here.
    pub(crate) fn push(&self, request: &Arc<RequestTruth>) {
        self.update(|truth, limit| {
            truth.totals.add(request);
            if truth.requests.len() < limit {
                truth.requests.push(Arc::clone(request));
            }
        });
    }

    pub(crate) fn count_scrape(&self) -> u64 {
        self.update(|truth, _| {
            truth.totals.scrapes += 1;
            truth.totals.scrapes
        })
    }

    pub(crate) fn count_connection(&self) {
        self.update(|truth, _| truth.totals.connections += 1);
    }

    fn update<T>(&self, change: impl FnOnce(&mut Truth, usize) -> T) -> T {
        let mut record = lock(&self.record);
        let result = change(&mut record.truth, self.limit);
        // Waking costs a system call; nearly always nobody waits.
        if record.waiters > 0 {
            self.changed.notify_all();
        }
        result
    }

    /// Writes a finished request to the file, if there is one. A write error ends nothing but the
    /// log: the simulated server has nobody to tell.
    pub(crate) fn write_line(&self, request: &RequestTruth) {
        let Some(file) = &self.file else { return };
        let mut file = lock(file);
        if serde_json::to_writer(&mut *file, request).is_ok() {
            drop(file.write_all(b"\n"));
            drop(file.flush());
        }
    }

    pub(crate) fn snapshot(&self) -> Truth {
        let mut truth = lock(&self.record).truth.clone();
        truth.requests.sort_unstable_by_key(|request| request.seq);
        truth
    }

    pub(crate) fn wait_until(
        &self,
        timeout: Duration,
        reached: &mut dyn FnMut(&Totals) -> bool,
    ) -> bool {
        let deadline = Instant::now() + timeout;
        let mut record = lock(&self.record);
        while !reached(&record.truth.totals) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            record.waiters += 1;
            record = self
                .changed
                .wait_timeout(record, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            record.waiters -= 1;
        }
        true
    }
}

impl Totals {
    fn add(&mut self, request: &RequestTruth) {
        self.finished += 1;
        let tokens = u64::from(request.completion_tokens);
        if request.outcome.is_complete() {
            self.completed += 1;
            self.prompt_tokens += u64::from(request.prompt_tokens);
            self.completion_tokens += tokens;
            return;
        }
        self.lost_tokens += tokens;
        match request.outcome {
            Outcome::Cancelled => self.cancelled += 1,
            Outcome::Cut => self.cut += 1,
            _ => self.rejected += 1,
        }
    }
}

/// Locks, also after a panic elsewhere: every update leaves the data whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
