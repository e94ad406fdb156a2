//! Recorded requests become request records again, to the nanosecond.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::RunError;
use super::super::record::RunRecord;
use super::gaps::Gaps;
use super::lines::{Outcome, RequestError, RequestLine};
use super::reader;
use crate::http::{ConnectTimes, MonoNs};
use crate::load::{self, Drafts, FailureClass, RequestRecord, TurnPlace, Usage};
use crate::report::RequestLog;

/// Reads all requests, in the order of the file, which is that of the run's records.
pub(super) fn read(
    path: Option<&Path>,
    record: &RunRecord,
    gaps: &mut Gaps,
) -> Result<RequestLog, RunError> {
    let mut records = RequestLog::new(record.store.memory_limit).judging(record.goodput.clone());
    let started = record.run.started;
    let wall_minus_mono = started.wall_ns.saturating_sub(started.mono_ns);
    let there = match path {
        Some(path) => reader::lines(path, gaps, |line: RequestLine| {
            records.push(&request(line, record, wall_minus_mono)?);
            Ok(())
        })?,
        None => false,
    };
    if !there && (record.requests != Some(0) || !record.complete) {
        gaps.missing(path, "requests");
    }
    Ok(records)
}

fn request(
    line: RequestLine,
    record: &RunRecord,
    wall_minus_mono: i64,
) -> Result<RequestRecord, String> {
    let name = line.phase.as_deref().unwrap_or_default();
    let phase = record
        .phase(name)
        .and_then(|phase| u16::try_from(phase).ok());
    let phase = phase.ok_or_else(|| format!("the run has no phase `{name}`"))?;
    let start = MonoNs(line.request_start_ns.saturating_sub(wall_minus_mono));
    let from_start = |ms: f64| MonoNs(start.0.saturating_add(nanoseconds(ms)));
    let delay = line.send_delay_ms.map(nanoseconds);
    let first_token = line.time_to_first_token_ms.map(from_start);
    let sent = line.sending_ms.map(from_start);
    let first_byte = sent.zip(line.waiting_ms);
    let first_byte = first_byte.map(|(sent, ms)| MonoNs(sent.0.saturating_add(nanoseconds(ms))));
    let gaps = line.token_gaps_ms.iter();
    let gaps: Vec<u64> = gaps.map(|gap| nanoseconds(*gap).unsigned_abs()).collect();
    let estimated = |estimated: bool, tokens: Option<u32>| tokens.filter(|_| !estimated);
    let intended = MonoNs(start.0.saturating_sub(delay.unwrap_or_default()));
    let released = |held: f64| MonoNs(intended.0.saturating_add(nanoseconds(held)));
    Ok(RequestRecord {
        id: line.id,
        phase,
        intended,
        released: line.held_ms.map(released),
        start: delay.map(|_| start),
        sent,
        first_byte,
        first_token,
        first_output: match line.time_to_first_output_token_ms {
            Some(output) => output.map(from_start),
            None => first_token,
        },
        last_token: last_token(&line, start, first_token, &gaps),
        end: from_start(line.request_duration_ms),
        status: Some(line.status).filter(|status| *status != 0),
        outcome: outcome(line.outcome, line.error.as_ref())?,
        usage: Usage {
            prompt_tokens: estimated(
                line.input_sequence_length_estimated,
                Some(line.input_sequence_length),
            ),
            completion_tokens: estimated(
                line.output_sequence_length_estimated,
                line.output_sequence_length,
            ),
            cached_tokens: line.cached_tokens,
            cache_write_tokens: line.cache_write_tokens,
            reasoning_tokens: line.reasoning_tokens,
            accepted_prediction_tokens: line.accepted_prediction_tokens,
            rejected_prediction_tokens: line.rejected_prediction_tokens,
        },
        drafts: drafts(&line),
        estimated_isl: line.input_sequence_length,
        requested_osl: line.requested_output_tokens,
        images: line.num_images,
        chunks: line.output_chunks,
        wire_sent: line.data_sent_bytes.unwrap_or_default(),
        wire_received: line.data_received_bytes.unwrap_or_default(),
        reads: line.socket_reads.unwrap_or_default(),
        first_token_lag_ns: u32::try_from(nanoseconds(line.first_token_read_lag_ms))
            .unwrap_or_default(),
        connect: line.connecting_ms.map(|tcp| ConnectTimes {
            dns: line.dns_lookup_ms.map(duration),
            tcp: duration(tcp),
            tls: line.tls_handshake_ms.map(duration),
        }),
        turn: line
            .session_num
            .zip(line.turn_index)
            .map(|(conversation, turn)| TurnPlace {
                conversation,
                turn,
                id: line.conversation_id.map(Arc::from),
            }),
        error: line.error.map(|error| error.message),
        gaps,
        ..RequestRecord::new(line.worker)
    })
}

fn drafts(line: &RequestLine) -> Option<Drafts> {
    Some(Drafts {
        steps: line.spec_decode_steps?,
        proposed: line.draft_tokens?,
        accepted: line.accepted_draft_tokens?,
    })
}

/// A response in one piece has no tokens whose arrival is known.
fn last_token(
    line: &RequestLine,
    start: MonoNs,
    first_token: Option<MonoNs>,
    gaps: &[u64],
) -> Option<MonoNs> {
    let first = first_token?;
    let streamed = || {
        gaps.iter()
            .fold(first.0, |at, gap| at.saturating_add_unsigned(*gap))
    };
    let latency = line.request_latency_ms.map(nanoseconds);
    let last = latency.map_or_else(streamed, |latency| start.0.saturating_add(latency));
    Some(MonoNs(last))
}

fn outcome(outcome: Outcome, error: Option<&RequestError>) -> Result<load::Outcome, String> {
    match (outcome, error) {
        (Outcome::Done, _) => Ok(load::Outcome::Ok),
        (Outcome::Cancelled, _) => Ok(load::Outcome::Cancelled),
        (Outcome::Failed, None) => Err("a failed request without its error".to_owned()),
        (Outcome::Failed, Some(error)) => FailureClass::from_name(&error.class)
            .map(load::Outcome::Failed)
            .ok_or_else(|| format!("no class of errors is called `{}`", error.class)),
    }
}

fn duration(ms: f64) -> Duration {
    Duration::from_nanos(nanoseconds(ms).unsigned_abs())
}

/// Nanoseconds of milliseconds that were made from whole nanoseconds: exact up to 13 days.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what does not fit is saturated, and no request takes 292 years"
)]
fn nanoseconds(ms: f64) -> i64 {
    (ms * 1e6).round() as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::nanoseconds;

    proptest! {
        #[test]
        fn nanoseconds_survive_milliseconds(ns in 0_i64..(1 << 50)) {
            prop_assert_eq!(nanoseconds(ns as f64 / 1e6), ns);
            prop_assert_eq!(nanoseconds(-ns as f64 / 1e6), -ns);
        }
    }
}
