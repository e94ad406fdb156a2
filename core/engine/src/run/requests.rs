//! Finished requests on their way from the load threads to exporters and report.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aiperf_plugin_sdk::report::ClientHealth;
use aiperf_plugin_sdk::view::{self, RequestBlock};

use crate::collect::Expected;
use crate::http::Clock;
use crate::load::{Outcome, RecordSink, RequestRecords, RequestRow};
use crate::plugins::Exporters;
use crate::report::{self, Effort, RequestLog};

/// Keeps all records, and shows them to the exporters as they come.
#[derive(Debug)]
pub(super) struct Requests {
    clock: Clock,
    exporters: Arc<Exporters>,
    records: Mutex<RequestLog>,
}

impl Requests {
    /// Keeps them in `records`.
    pub(super) fn new(clock: Clock, exporters: Arc<Exporters>, records: RequestLog) -> Self {
        Self {
            clock,
            exporters,
            records: Mutex::new(records),
        }
    }

    /// What the clients know about phases, for the settle rule.
    pub(super) fn expected(&self, phases: impl Iterator<Item = u32>) -> Expected {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let none = Expected {
            completion_tokens: Some(0),
            ..Expected::default()
        };
        phases.fold(none, |expected, phase| add(expected, &records, phase))
    }

    /// What the tool measured of itself in a phase that has ended.
    pub(super) fn health(&self, phase: u32, effort: &Effort) -> ClientHealth {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        report::client_health(phase, &records, effort)
    }

    /// All records, when the load threads have ended.
    pub(super) fn take(&self) -> RequestLog {
        std::mem::take(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Adds what is known about one phase.
fn add(mut expected: Expected, records: &RequestLog, phase: u32) -> Expected {
    let mut tokens = expected.completion_tokens;
    let mut count = |more: Option<u64>| {
        tokens = tokens.zip(more).map(|(sum, more)| sum + more);
    };
    if let Some(past) = records.past(phase) {
        let (troubled, done, completion_tokens) = past.outcome();
        expected.troubled |= troubled > 0;
        expected.requests += done;
        count(completion_tokens);
    }
    for row in records.rows(phase) {
        if row.outcome != Outcome::Ok {
            expected.troubled = true;
            continue;
        }
        expected.requests += 1;
        count(row.usage.completion_tokens.map(u64::from));
    }
    expected.completion_tokens = tokens;
    expected
}

impl RecordSink for Requests {
    fn accept(&self, block: RequestRecords) {
        let mut shown = RequestBlock::default();
        let mut gaps = Vec::new();
        for row in block.rows() {
            push(&mut shown, &row, &self.clock, &mut gaps);
        }
        // Under the lock, so that files have the order of the records: sums depend on it.
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        self.exporters.requests(&Arc::new(shown));
        records.append(&block);
    }
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

fn push(block: &mut RequestBlock, row: &RequestRow<'_>, clock: &Clock, gaps: &mut Vec<i64>) {
    let start = row.start.unwrap_or(row.intended);
    let (outcome, error_class) = match row.outcome {
        Outcome::Ok => (view::Outcome::Done, ""),
        Outcome::Failed(class) => (view::Outcome::Failed, class.as_str()),
        Outcome::Cancelled => (view::Outcome::Cancelled, ""),
    };
    let ended = row.last_token.unwrap_or(row.end).since(start);
    gaps.clear();
    gaps.extend(
        row.gaps
            .clone()
            .map(|gap| i64::try_from(gap).unwrap_or(i64::MAX)),
    );
    block.push(&view::RequestRow {
        id: i64::try_from(row.id).unwrap_or(i64::MAX),
        phase: u32::from(row.phase),
        worker: u32::from(row.worker),
        status: u32::from(row.status.unwrap_or_default()),
        outcome,
        start_ns: clock.wall_ns(start),
        send_delay_ns: row.start.map(|start| start.since(row.intended)),
        held_ns: row.released.map(|released| released.since(row.intended)),
        ttft_ns: row.first_token.map(|token| token.since(start)),
        latency_ns: (row.outcome == Outcome::Ok).then_some(ended),
        end_ns: row.end.since(start),
        read_lag_ns: i64::from(row.first_token_lag_ns),
        chunks: i64::from(row.chunks),
        prompt_tokens: row.usage.prompt_tokens.map(i64::from),
        completion_tokens: row.usage.completion_tokens.map(i64::from),
        cached_tokens: row.usage.cached_tokens.map(i64::from),
        reasoning_tokens: row.usage.reasoning_tokens.map(i64::from),
        cache_write_tokens: row.usage.cache_write_tokens.map(i64::from),
        accepted_prediction_tokens: row.usage.accepted_prediction_tokens.map(i64::from),
        rejected_prediction_tokens: row.usage.rejected_prediction_tokens.map(i64::from),
        spec_decode_steps: row.drafts.map(|drafts| i64::from(drafts.steps)),
        draft_tokens: row.drafts.map(|drafts| i64::from(drafts.proposed)),
        accepted_draft_tokens: row.drafts.map(|drafts| i64::from(drafts.accepted)),
        first_output_ns: row.first_output.map(|token| token.since(start)),
        prompt_estimate: i64::from(row.estimated_isl),
        images: row.images,
        requested_tokens: i64::from(row.requested_osl.unwrap_or_default()),
        session_num: row.turn.map(|turn| turn.conversation.cast_signed()),
        turn_index: row.turn.map(|turn| i64::from(turn.turn)),
        conversation_id: row
            .turn
            .and_then(|turn| turn.id.as_deref())
            .unwrap_or_default(),
        dns_ns: row.connect.and_then(|times| times.dns).map(nanos),
        connecting_ns: row.connect.map(|times| nanos(times.tcp)),
        tls_ns: row.connect.and_then(|times| times.tls).map(nanos),
        sending_ns: row.sent.map(|sent| sent.since(start)),
        waiting_ns: row
            .first_byte
            .zip(row.sent)
            .map(|(byte, sent)| byte.since(sent)),
        data_sent: row.sent.map(|_| i64::from(row.wire_sent)),
        data_received: row.sent.map(|_| i64::from(row.wire_received)),
        socket_reads: row.sent.map(|_| i64::from(row.reads)),
        gaps_ns: gaps,
        error_class,
        error_message: row.error.unwrap_or_default(),
    });
}
