//! What one event loop has counted for one of the servers that it plays.

use super::distribution::{Distribution, Scale};
use super::requests::{Ended, EndedStats, Handler, HttpStats, Progress};
use crate::endpoint::Endpoint;
use crate::plan::Plan;
use crate::truth::Outcome;

/// Tokens in a block of the KV cache.
pub(crate) const KV_BLOCK: u32 = 16;

/// Counters, gauges and distributions; additive over event loops and servers.
#[derive(Debug, Clone)]
pub(crate) struct Stats {
    pub(super) running: i64,
    pub(super) waiting: i64,
    pub(super) kv_blocks: i64,
    /// Sum of the start times of running requests, nanoseconds.
    started_at: i64,
    /// Slot time of requests that have ended, nanoseconds.
    busy: i64,
    pub(super) prompt_tokens: u64,
    pub(super) generation_tokens: u64,
    pub(super) received_bytes: u64,
    pub(super) sent_bytes: u64,
    /// Inference requests accepted, by [`lane`].
    pub(super) started: [u64; LANES],
    /// Ended ones by [`lane`] and success, cancelled, internal error.
    pub(super) ended: [[u64; 3]; LANES],
    /// Complete answers by `finish_reason`: stop, length.
    pub(super) finished: [u64; 2],
    pub(super) http: [HttpStats; 4],
    pub(super) response_bytes: Distribution,
    pub(super) ttft: Distribution,
    pub(super) itl: Distribution,
    pub(super) iteration_tokens: Distribution,
    pub(super) complete: EndedStats,
    pub(super) incomplete: EndedStats,
}

/// Endpoints and modes that are counted apart.
const LANES: usize = 8;

/// Index of a request's endpoint and mode in the arrays above. Endpoints that Dynamo has no name for
/// count as the nearest one.
pub(super) fn lane(endpoint: Endpoint, stream: bool) -> usize {
    let endpoint = match endpoint {
        Endpoint::Chat => 0,
        Endpoint::Completions => 1,
        other if other.generates() => 2,
        _ => 3,
    };
    endpoint * 2 + usize::from(!stream)
}

impl Default for Stats {
    fn default() -> Self {
        let seconds = || Distribution::new(Scale::Seconds);
        let counts = || Distribution::new(Scale::Count);
        Self {
            running: 0,
            waiting: 0,
            kv_blocks: 0,
            started_at: 0,
            busy: 0,
            prompt_tokens: 0,
            generation_tokens: 0,
            received_bytes: 0,
            sent_bytes: 0,
            started: [0; LANES],
            ended: [[0; 3]; LANES],
            finished: [0; 2],
            http: std::array::from_fn(|_| HttpStats {
                by_class: [0; 3],
                duration: seconds(),
            }),
            response_bytes: counts(),
            ttft: seconds(),
            itl: seconds(),
            iteration_tokens: counts(),
            complete: EndedStats::new(),
            incomplete: EndedStats::new(),
        }
    }
}

impl Stats {
    /// A request was accepted and waits for a slot.
    pub(crate) fn accept(&mut self, plan: &Plan, received_bytes: usize) {
        self.waiting += 1;
        self.received_bytes += received_bytes as u64;
        self.add_started(plan);
    }

    fn add_started(&mut self, plan: &Plan) {
        if let Some(count) = self.started.get_mut(lane(plan.endpoint, plan.stream)) {
            *count += 1;
        }
    }

    /// A request was accepted and failed at once.
    pub(crate) fn fail(&mut self, plan: &Plan) {
        self.add_started(plan);
        self.add_ended(plan, 2);
    }

    fn add_ended(&mut self, plan: &Plan, result: usize) {
        let lane = self.ended.get_mut(lane(plan.endpoint, plan.stream));
        if let Some(count) = lane.and_then(|lane| lane.get_mut(result)) {
            *count += 1;
        }
    }

    /// A request got its slot.
    pub(crate) fn start(&mut self, plan: &Plan, now: i64) {
        self.waiting -= 1;
        self.running += 1;
        self.started_at += now;
        self.kv_blocks += i64::from(plan.prompt_tokens.div_ceil(KV_BLOCK));
    }

    /// A token was generated; `progress` is how things stood before it.
    pub(crate) fn token(&mut self, plan: &Plan, progress: &Progress, now: i64) {
        self.generation_tokens += 1;
        if progress.tokens == 0 {
            self.prompt_tokens += u64::from(plan.prompt_tokens);
            self.ttft.observe(now - progress.arrival);
            self.iteration_tokens
                .observe(i64::from(plan.prompt_tokens) + 1);
        } else {
            self.itl.observe(now - progress.last_token);
            self.iteration_tokens.observe(1);
        }
        self.kv_blocks +=
            i64::from((plan.prompt_tokens + progress.tokens).is_multiple_of(KV_BLOCK));
    }

    /// A request ended, in whichever way, after it was accepted.
    pub(crate) fn end(&mut self, plan: &Plan, progress: &Progress, ended: Ended) {
        if progress.started == 0 {
            self.waiting -= 1;
        } else {
            self.running -= 1;
            self.started_at -= progress.started;
            self.busy += ended.now - progress.started;
            self.kv_blocks -= i64::from((plan.prompt_tokens + progress.tokens).div_ceil(KV_BLOCK));
        }
        let result = match ended.outcome {
            Outcome::Length | Outcome::Stop => 0,
            Outcome::Cancelled => 1,
            Outcome::Cut | Outcome::Rejected => 2,
        };
        self.add_ended(plan, result);
        if ended.outcome.is_complete() {
            if progress.tokens == 0 {
                self.prompt_tokens += u64::from(plan.prompt_tokens);
            }
            let [stop, length] = &mut self.finished;
            *if ended.outcome == Outcome::Stop {
                stop
            } else {
                length
            } += 1;
            self.complete.record(plan, progress, ended.now);
        } else {
            self.incomplete.record(plan, progress, ended.now);
        }
        self.http(
            plan.endpoint.into(),
            200,
            ended.now - progress.arrival,
            ended.response_bytes,
        );
    }

    /// An HTTP answer left: its status, duration and size.
    pub(crate) fn http(&mut self, handler: Handler, status: u16, duration: i64, bytes: u64) {
        let class = match status {
            ..400 => 0,
            400..500 => 1,
            500.. => 2,
        };
        if let Some(http) = self.http.get_mut(handler as usize) {
            if let Some(count) = http.by_class.get_mut(class) {
                *count += 1;
            }
            http.duration.observe(duration);
        }
        self.sent_bytes += bytes;
        self.response_bytes
            .observe(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Bytes of a request that was not accepted.
    pub(crate) fn receive(&mut self, bytes: usize) {
        self.received_bytes += bytes as u64;
    }

    /// Slot time used so far, in nanoseconds: the integral of `running` over time.
    pub(super) fn busy(&self, now: i64) -> i64 {
        self.busy + self.running * now - self.started_at
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.running += other.running;
        self.waiting += other.waiting;
        self.kv_blocks += other.kv_blocks;
        self.started_at += other.started_at;
        self.busy += other.busy;
        self.prompt_tokens += other.prompt_tokens;
        self.generation_tokens += other.generation_tokens;
        self.received_bytes += other.received_bytes;
        self.sent_bytes += other.sent_bytes;
        add(&mut self.started, &other.started);
        add(&mut self.finished, &other.finished);
        for (mine, theirs) in self.ended.iter_mut().zip(&other.ended) {
            add(mine, theirs);
        }
        for (mine, theirs) in self.http.iter_mut().zip(&other.http) {
            add(&mut mine.by_class, &theirs.by_class);
            mine.duration.merge(&theirs.duration);
        }
        self.response_bytes.merge(&other.response_bytes);
        self.ttft.merge(&other.ttft);
        self.itl.merge(&other.itl);
        self.iteration_tokens.merge(&other.iteration_tokens);
        self.complete.merge(&other.complete);
        self.incomplete.merge(&other.incomplete);
    }

    /// Durations of all HTTP requests.
    pub(super) fn all_http(&self) -> Distribution {
        let mut all = Distribution::new(Scale::Seconds);
        for http in &self.http {
            all.merge(&http.duration);
        }
        all
    }

    /// Complete and incomplete requests together, as Dynamo's histograms show them.
    pub(super) fn all_ended(&self) -> EndedStats {
        let mut all = self.complete.clone();
        all.merge(&self.incomplete);
        all
    }
}

fn add<const N: usize>(mine: &mut [u64; N], theirs: &[u64; N]) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
}
